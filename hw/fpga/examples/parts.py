"""What several examples have in common."""

import re

from hw.payloads import index_bits
from sw.design import DesignPoint
from sw.design.layer import PIXEL_BITS

__all__ = [
    "READS_FILES",
    "RESULTS",
    "identifier",
    "image_memory",
    "image_memory_ports",
    "size_text",
    "vector",
]

RESULTS = {
    "label": "class with the best template",
    "template": "the best template, one of those of its class",
    "margin": "its score minus the best score of any other class",
    "accepted": "1 when the margin is as large as the design asks for",
}
"""Fields of a result, explained."""

READS_FILES = (
    "// The core reads its .mem files by name: let your tool run in their folder, or add that to its search "
    "path."
)


def size_text(design: DesignPoint) -> str:
    """Columns and rows of an image, and the values of a pixel where there are several."""
    text = f"{design.width} x {design.height}"
    return text if design.channels == 1 else f"{text} pixels of {design.channels} values"


def image_memory_ports(pixels: int) -> str:
    """Ports by which :func:`image_memory` is written and started, in a list of ports that goes on."""
    return f"""\
    // Image memory: written while the core is not busy with it.
    input  wire write_enable,
    input  wire {vector(index_bits(pixels))}write_address,
    input  wire {vector(PIXEL_BITS)}write_pixel,
    // A pulse on start classifies the image; done is high for one cycle when the result is there.
    input  wire start,
    output wire busy,
    output reg  done,"""


def image_memory(pixels: int, clock: str, reset: str) -> str:
    """An image memory that is written by ports and read pixel by pixel from a pulse on ``start``.

    It needs the wire ``pixel_ready``, `clock` and the condition `reset`, and gives ``busy``.
    """
    address_bits = index_bits(pixels)
    return f"""\
    reg {vector(PIXEL_BITS)}image [0:{pixels - 1}];
    always @(posedge {clock}) if (write_enable) image[write_address] <= write_pixel;

    // The pixel at `address` is in `pixel` while pixel_valid is high.
    reg {vector(address_bits)}address;
    reg {vector(PIXEL_BITS)}pixel;
    reg reading, pixel_valid;
    wire pixel_ready, result_valid;
    wire taken = pixel_valid && pixel_ready;
    assign busy = reading || pixel_valid;
    always @(posedge {clock}) begin
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
        if ({reset}) begin
            reading <= 0;
            pixel_valid <= 0;
        end
    end"""


def identifier(name: str) -> str:
    """A Verilog identifier like the name."""
    found = re.sub(r"\W", "_", name, flags=re.ASCII)
    return found if re.match(r"[A-Za-z_]", found) else f"_{found}"


def vector(bits: int) -> str:
    """A range of so many bits, with a blank behind it."""
    return f"[{bits - 1}:0] "
