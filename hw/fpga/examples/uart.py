"""Example of the whole chip in a design of the user's own."""

from hw.fpga.examples.parts import READS_FILES, identifier

__all__ = ["uart_example"]


def uart_example(name: str, verilog: str, clock_mhz: float) -> str:
    """A board's top: the chip with a reset that lasts for a while after configuration."""
    return f"""\
// Example for {verilog}: the chip on a board of yours.
//
// Ports of engram:
//   clk    in   1  clock, {clock_mhz:g} MHz for the UART speed that it was exported with
//   rst    in   1  synchronous, active high
//   rx     in   1  from the host's transmitter, idles high; synchronised inside
//   tx     out  1  to the host's receiver
//   busy   out  1  a request is being served, or the chip is not ready
//   ready  out  1  the chip can classify
//
{READS_FILES}

module {identifier(name)}_example (
    input  wire clk,
    input  wire rx,
    output wire tx,
    output wire led_busy,
    output wire led_ready
);
    // Block RAM of some parts can be read only some microseconds after configuration.
    reg [10:0] boot = 0;
    wire rst = !boot[10];
    always @(posedge clk) if (rst) boot <= boot + 1;

    engram chip (
        .clk(clk),
        .rst(rst),
        .rx(rx),
        .tx(tx),
        .busy(led_busy),
        .ready(led_ready)
    );
endmodule
"""
