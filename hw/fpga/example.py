"""Example: Verilog that uses an exported core, with its ports explained."""

import re

from hw.payloads import index_bits, result_layout
from sw.design import DesignPoint
from sw.design.layer import PIXEL_BITS

__all__ = ["stream_example", "uart_example"]

RESULT_PORTS = {
    "label": "class with the best template",
    "template": "the best template, one of those of its class",
    "margin": "its score minus the best score of any other class",
    "accepted": "1 when the margin is as large as the design asks for",
}
NEXT_IMAGE = """
//   next_image_valid in 1  sets the index of the next image: after the result of the last one was taken and
//                          before a pixel of the next, or all noise is wrong until it is set again
//   next_image    in  32  read noise follows from the index: 0 after reset, one more for every image"""


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
// The core reads its .mem files by name: let your tool run in their folder, or add that to its search path.

module {_identifier(name)}_example (
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


def stream_example(design: DesignPoint, name: str, verilog: str, *, noisy: bool = False) -> str:
    """An image memory in front of the core, and a register for its last result.

    With `noisy` the core has read noise, whose image index the example leaves to count by itself.
    """
    width, height = design.width, design.height
    pixels = width * height
    address_bits = index_bits(pixels)
    fields = {field: spec.width for field, spec in result_layout(design)}
    explained = "\n".join(
        f"//   {field:<13} out {bits:>2}  {RESULT_PORTS[field]}" for field, bits in fields.items()
    )
    outputs = ",\n".join(f"    output reg {_vector(bits)}{field}" for field, bits in fields.items())
    wires = "\n".join(f"    wire {_vector(bits)}next_{field};" for field, bits in fields.items())
    links = "".join(f",\n        .{field}(next_{field})" for field in fields)
    if noisy:
        explained += NEXT_IMAGE
        links += ",\n        .next_image_valid(1'b0),\n        .next_image(32'd0)"
    taken = "\n".join(f"            {field} <= next_{field};" for field in fields)
    return f"""\
// Example for {verilog}: an image memory, the core, and its last result.
//
// Ports of engram:
//   clk           in   1  clock
//   rst           in   1  synchronous, active high
//   pixel_valid   in   1  a pixel is offered; it must stay until it is taken
//   pixel_ready   out  1  it is taken in each cycle in which both are high
//   pixel         in  {PIXEL_BITS:>2}  unsigned, row after row of {width} x {height}, image after image
//   result_valid  out  1  a result is offered, one per image; it stays until it is taken
//   result_ready  in   1  it is taken in each cycle in which both are high
{explained}
//
// The core reads its .mem files by name: let your tool run in their folder, or add that to its search path.

module {_identifier(name)}_example (
    input  wire clk,
    input  wire rst,
    // Image memory: written while the core is not busy with it.
    input  wire write_enable,
    input  wire {_vector(address_bits)}write_address,
    input  wire {_vector(PIXEL_BITS)}write_pixel,
    // A pulse on start classifies the image; done is high for one cycle when the result is there.
    input  wire start,
    output wire busy,
    output reg  done,
{outputs}
);
    reg {_vector(PIXEL_BITS)}image [0:{pixels - 1}];
    always @(posedge clk) if (write_enable) image[write_address] <= write_pixel;

    // The pixel at `address` is in `pixel` while pixel_valid is high.
    reg {_vector(address_bits)}address;
    reg {_vector(PIXEL_BITS)}pixel;
    reg reading, pixel_valid;
    wire pixel_ready, result_valid;
    wire taken = pixel_valid && pixel_ready;
    assign busy = reading || pixel_valid;
    always @(posedge clk) begin
        if (taken) pixel_valid <= 0;
        if (reading && (!pixel_valid || taken)) begin
            pixel <= image[address];
            pixel_valid <= 1;
            address <= address + 1;
            if (address == {pixels - 1}) reading <= 0;
        end
        if (start && !busy) begin
            address <= 0;
            reading <= 1;
        end
        if (rst) begin
            reading <= 0;
            pixel_valid <= 0;
        end
    end

{wires}
    always @(posedge clk) begin
        done <= result_valid && !rst;
        if (result_valid) begin
{taken}
        end
    end

    engram core (
        .clk(clk),
        .rst(rst),
        .pixel_valid(pixel_valid),
        .pixel_ready(pixel_ready),
        .pixel(pixel),
        .result_valid(result_valid),
        .result_ready(1'b1){links}
    );
endmodule
"""


def _identifier(name: str) -> str:
    """A Verilog identifier like the name."""
    found = re.sub(r"\W", "_", name, flags=re.ASCII)
    return found if re.match(r"[A-Za-z_]", found) else f"_{found}"


def _vector(bits: int) -> str:
    return f"[{bits - 1}:0] "
