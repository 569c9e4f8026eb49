"""Example of the stream core: an image memory in front of it."""

from hw.fpga.examples.parts import (
    READS_FILES,
    RESULTS,
    identifier,
    image_memory,
    image_memory_ports,
    size_text,
    vector,
)
from hw.payloads import result_layout
from sw.design import DesignPoint
from sw.design.layer import PIXEL_BITS

__all__ = ["stream_example"]

NEXT_IMAGE = """
//   next_image_valid in 1  sets the index of the next image: after the result of the last one was taken and
//                          before a pixel of the next, or all noise is wrong until it is set again
//   next_image    in  32  read noise follows from the index: 0 after reset, one more for every image"""


def stream_example(design: DesignPoint, name: str, verilog: str, *, noisy: bool = False) -> str:
    """An image memory in front of the core, and a register for its last result.

    With `noisy` the core has read noise, whose image index the example leaves to count by itself.
    """
    pixels = design.image_size.values
    fields = {field: spec.width for field, spec in result_layout(design)}
    explained = "\n".join(
        f"//   {field:<13} out {bits:>2}  {RESULTS[field]}" for field, bits in fields.items()
    )
    outputs = ",\n".join(f"    output reg {vector(bits)}{field}" for field, bits in fields.items())
    wires = "\n".join(f"    wire {vector(bits)}next_{field};" for field, bits in fields.items())
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
//   pixel         in  {PIXEL_BITS:>2}  unsigned, row after row of {size_text(design)}, image after image
//   result_valid  out  1  a result is offered, one per image; it stays until it is taken
//   result_ready  in   1  it is taken in each cycle in which both are high
{explained}
//
{READS_FILES}

module {identifier(name)}_example (
    input  wire clk,
    input  wire rst,
{image_memory_ports(pixels)}
{outputs}
);
{image_memory(pixels, "clk", "rst")}

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
