"""Registers of the Wishbone core, declared once: for its logic, the tables that explain them, and C."""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from sw.bundle import Bundle

__all__ = ["HEADER", "Control", "Offset", "Status", "c_header", "explained", "identity"]

HEADER = "engram_regs.h"
"""Name of the header for C."""
MAP_VERSION = 1
MAGIC = int.from_bytes(b"ENGR", "little")
DIGEST_BYTES = 8
"""Of the bundle's digest, as in :mod:`hw.host.protocol`."""


class Offset(IntEnum):
    """Bytes from the core's own address; the same for every chip, so one driver serves all of them."""

    identity = 0x00
    version = 0x04
    digest_low = 0x08
    digest_high = 0x0C
    size = 0x10
    counts = 0x14
    control = 0x18
    status = 0x1C
    pixels = 0x20
    index = 0x24
    label = 0x28
    template = 0x2C
    margin = 0x30
    accepted = 0x34
    select = 0x38
    score = 0x3C


class Control(IntFlag):
    """What a one in `control` does."""

    taken = 1
    reset = 2
    clear = 4


class Status(IntFlag):
    """Bits of `status`."""

    result = 1
    scores = 2
    room = 4
    error = 8


@dataclass(frozen=True)
class _Text:
    """Whether a register is read or written, and what it is."""

    access: str
    text: str


TEXTS = {
    Offset.identity: _Text("r", '0x52474E45, the bytes "ENGR"'),
    Offset.version: _Text(
        "r", f"{MAP_VERSION}, of this map; bit 8: has read noise; bits 31..16: channels of a pixel, less 1"
    ),
    Offset.digest_low: _Text("r", "first 4 bytes of the bundle's digest, byte 0 in the lowest bits"),
    Offset.digest_high: _Text("r", "the next 4"),
    Offset.size: _Text("r", "bits 15..0 width, 31..16 height of an image"),
    Offset.counts: _Text("r", "bits 15..0 classes, 31..16 templates"),
    Offset.control: _Text("w", "a one acts: bit 0 result is done with, 1 reset the core, 2 clear error"),
    Offset.status: _Text("r", "bit 0 result, 1 scores are its scores, 2 room for an image, 3 error"),
    Offset.pixels: _Text(
        "w", "every selected byte is a value of a pixel, lowest first: one to four at a time"
    ),
    Offset.index: _Text("w", "read noise: index of the next image, while none is inside"),
    Offset.label: _Text("r", "class of the result"),
    Offset.template: _Text("r", "its best template"),
    Offset.margin: _Text("r", "its score minus the best score of any other class"),
    Offset.accepted: _Text("r", "1 when the margin is as large as the design asks for"),
    Offset.select: _Text("w", "template whose score is read next"),
    Offset.score: _Text("r", "its score"),
}
BITS = {
    (Control, "taken"): "the result is done with: makes room",
    (Control, "reset"): "ends all images inside; the next has index 0",
    (Control, "clear"): "clears the error",
    (Status, "result"): "the result registers hold one; irq_o is this bit",
    (Status, "scores"): "the scores are those of the last finished image",
    (Status, "room"): "an image may begin",
    (Status, "error"): "a write was dropped; stays until cleared",
}


def identity(bundle: Bundle) -> dict[Offset, int]:
    """Registers whose values never change."""
    design, digest = bundle.design, bytes.fromhex(bundle.digest)[:DIGEST_BYTES]
    noisy = bundle.array.read_noise is not None
    return {
        Offset.identity: MAGIC,
        Offset.version: MAP_VERSION | noisy << 8 | design.channels - 1 << 16,
        Offset.digest_low: int.from_bytes(digest[:4], "little"),
        Offset.digest_high: int.from_bytes(digest[4:], "little"),
        Offset.size: design.width | design.height << 16,
        Offset.counts: design.classes | design.templates << 16,
    }


def explained() -> str:
    """A line for each register: offset, name, access, meaning."""
    lines = (
        f"{place:#04x}  {place.name:<11}  {TEXTS[place].access}  {TEXTS[place].text}" for place in Offset
    )
    return "\n".join(lines)


def c_header(bundle: Bundle, name: str) -> str:
    """The registers for a driver in C, and the sizes of the bundle called `name`."""
    design = bundle.design
    sizes = {
        "WIDTH": design.width,
        "HEIGHT": design.height,
        "CHANNELS": design.channels,
        "CLASSES": design.classes,
        "TEMPLATES": design.templates,
    }
    fixed = identity(bundle)
    lines = [
        "/* Offsets in bytes, for reads and writes of 32 bits; pixels can be written byte by byte too. */"
    ]
    for place in Offset:
        macro, about = f"ENGRAM_{place.name.upper()}", TEXTS[place]
        lines.append(f"#define {macro:<24} {place:#04x}u /* {about.access}: {about.text} */")
    for kind in (Control, Status):
        lines += ["", f"/* Bits of {kind.__name__.lower()}. */"]
        for bit in kind:
            macro = f"ENGRAM_{kind.__name__.upper()}_{str(bit.name).upper()}"
            lines.append(f"#define {macro:<24} {bit:#x}u /* {BITS[kind, str(bit.name)]} */")
    lines += ["", f"/* {_comment(name)}: what the core must say of itself, and its sizes. */"]
    for place in (Offset.identity, Offset.version, Offset.digest_low, Offset.digest_high):
        macro = f"ENGRAM_IS_{place.name.upper()}"
        lines.append(f"#define {macro:<24} {fixed[place]:#010x}u")
    lines += [f"#define {'ENGRAM_' + size:<24} {value}u" for size, value in sizes.items()]
    return "\n".join(["#ifndef ENGRAM_REGS_H", "#define ENGRAM_REGS_H", "", *lines, "", "#endif", ""])


def _comment(text: str) -> str:
    """A name as it may stand in a comment of C."""
    return text.replace("*/", "* /").replace("/*", "/ *")
