"""Example of the AXI-Stream core: an image memory that sends packets to it."""

from hw.cores.axi_stream import ACCEPTED, MALFORMED, word_bytes, word_fields
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

__all__ = ["axi_stream_example"]

FLAGS = (
    f"bit {ACCEPTED} accepted, bit {MALFORMED} malformed: the packet had more or fewer pixels than an image"
)


def axi_stream_example(design: DesignPoint, name: str, verilog: str) -> str:
    """An image memory in front of the core, and a register for its last result."""
    pixels = design.image_size.values
    word = 8 * word_bytes(design)
    bits = {field: spec.width for field, spec in result_layout(design)}
    places = word_fields(design)
    fields = "\n".join(
        f"//     {_bytes(first, size):<10}  {field:<9} {FLAGS if field == 'flags' else RESULTS[field]}"
        for field, (first, size) in places.items()
    )
    slices = {field: (8 * first, bits[field]) for field, (first, _) in places.items() if field != "flags"}
    flags = 8 * places["flags"][0]
    slices |= {"accepted": (flags + ACCEPTED, 1), "malformed": (flags + MALFORMED, 1)}
    outputs = ",\n".join(f"    output reg {vector(size)}{field}" for field, (_, size) in slices.items())
    taken = "\n".join(
        f"            {field} <= word[{first + size - 1}:{first}];" for field, (first, size) in slices.items()
    )
    return f"""\
// Example for {verilog}: an image memory, the core, and its last result.
//
// Ports of engram:
//   aclk           in   1  clock of both streams
//   aresetn        in   1  reset, active low, synchronous to aclk, for a cycle or more
//   s_axis_tvalid  in   1  AXI4-Stream of pixels, a packet for every image
//   s_axis_tready  out  1  a pixel is taken in each cycle in which both are high
//   s_axis_tdata   in  {PIXEL_BITS:>2}  unsigned, row after row of {size_text(design)}
//   s_axis_tlast   in   1  with the last pixel of an image
//   m_axis_tvalid  out  1  AXI4-Stream of results, one for every packet, in order
//   m_axis_tready  in   1  a result is taken in each cycle in which both are high
//   m_axis_tdata   out {word:>2}  a result, little-endian; what is not named here is zero:
{fields}
//   m_axis_tlast   out  1  always 1: every result is a packet
//
// A packet that ends too early is filled up with zeros; what comes in it after the last pixel is dropped.
// Both mark the packet's own result as malformed and not accepted, and cost no other one.
// Read noise, where the chip has it, counts packets from 0 after reset.
//
{READS_FILES}

module {identifier(name)}_example (
    input  wire aclk,
    input  wire aresetn,
{image_memory_ports(pixels)}
{outputs}
);
{image_memory(pixels, "aclk", "!aresetn")}

    // The address is that of the pixel after the offered one; behind the last one reading has ended.
    wire last = !reading;
    wire [{word - 1}:0] word;
    wire word_last;
    always @(posedge aclk) begin
        done <= result_valid && aresetn;
        if (result_valid) begin
{taken}
        end
    end

    engram core (
        .aclk(aclk),
        .aresetn(aresetn),
        .s_axis_tvalid(pixel_valid),
        .s_axis_tready(pixel_ready),
        .s_axis_tdata(pixel),
        .s_axis_tlast(last),
        .m_axis_tvalid(result_valid),
        .m_axis_tready(1'b1),
        .m_axis_tdata(word),
        .m_axis_tlast(word_last)
    );
endmodule
"""


def _bytes(first: int, size: int) -> str:
    """Which bytes of a word, as text."""
    return f"byte {first}" if size == 1 else f"bytes {first + size - 1}..{first}"
