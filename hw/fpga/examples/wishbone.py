"""Example of the Wishbone core: at an address of its own on a bus, with what software does."""

from hw.cores.registers import HEADER, explained
from hw.fpga.examples.parts import READS_FILES, identifier, size_text
from sw.design import DesignPoint

__all__ = ["wishbone_example"]


def wishbone_example(design: DesignPoint, name: str, verilog: str) -> str:
    """The core on a bus with other slaves, its registers and a loop in C."""
    registers = "\n".join(f"//   {line}" for line in explained().splitlines())
    return f"""\
// Example for {verilog}: the core at an address of its own on a Wishbone bus.
//
// Ports of engram, a slave of classic Wishbone B4, 32 bits wide, granularity 8, little-endian, no bursts:
//   clk       in   1  clock
//   rst       in   1  synchronous, active high
//   wb_cyc_i  in   1  a bus cycle
//   wb_stb_i  in   1  the core is meant
//   wb_we_i   in   1  write
//   wb_sel_i  in   4  bytes of a write; all of them but at pixels
//   wb_adr_i  in   6  address in bytes; its two lowest bits have no effect
//   wb_dat_i  in  32  written
//   wb_dat_o  out 32  read
//   wb_ack_o  out  1  the access is done; every one is, so there is no err
//   irq_o     out  1  high while there is a result
//
// Registers, by offset; r read, w written ({HEADER} has them for C):
{registers}
//
// Software, for images of {size_text(design)}, row after row:
//   while (!(status & room)) ;                 // two images may be inside, whose results are not done with
//   write every pixel to pixels;               // waits by itself for as long as the core needs
//   while (!(status & result)) ;               // or wait for irq_o
//   read label, template, margin, accepted;
//   if (status & scores)                       // not when the next image has begun
//       for each template {{ select = it; read score; }}
//   control = taken;
// Read noise, where the chip has it, follows from the index of an image: 0 after reset, then one more each.
//
{READS_FILES}

module {identifier(name)}_example #(
    parameter [31:0] BASE = 32'h4000_0000
) (
    input  wire        clk,
    input  wire        rst,
    input  wire        cyc,
    input  wire        stb,
    input  wire        we,
    input  wire [3:0]  sel,
    input  wire [31:0] address,
    input  wire [31:0] written,
    output wire [31:0] read,
    output wire        acknowledged,
    output wire        interrupt
);
    // Where several slaves share the bus, `read` and `acknowledged` are 0 unless this one is meant.
    wire meant = address[31:6] == BASE[31:6];
    wire [31:0] value;
    assign read = meant ? value : 32'd0;

    engram core (
        .clk(clk),
        .rst(rst),
        .wb_cyc_i(cyc),
        .wb_stb_i(stb && meant),
        .wb_we_i(we),
        .wb_sel_i(sel),
        .wb_adr_i(address[5:0]),
        .wb_dat_i(written),
        .wb_dat_o(value),
        .wb_ack_o(acknowledged),
        .irq_o(interrupt)
    );
endmodule
"""
