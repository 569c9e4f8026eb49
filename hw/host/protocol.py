"""The host link's bytes: what a computer sends over UART (8N1) and what the chip answers.

Integers are little-endian. A request is one opcode byte, followed by its data. A chip with a front end knows
IMAGE, one without knows LOAD and CLASSIFY; its identity tells which.

======== ==== ============================= =====================================================
request  byte data                          answer
======== ==== ============================= =====================================================
IDENTIFY I    -                             :class:`Identity`, 26 bytes
IMAGE    P    the values of an image        :class:`Answer`, 9 bytes, when the classifier is done
LOAD     L    ceil(F * b / 8) bytes, bit i  the byte L
              in bit i % 8 of byte i // 8
CLASSIFY C    -                             :class:`Answer`, 9 bytes, when the array is done
RESULT   R    -                             :class:`Answer` of the last image again
SCORES   S    -                             T scores of 4 bytes
WRITE    W    :class:`Cell`, 2 target codes :class:`Written`, 10 bytes, when both devices are programmed
CODES    G    :class:`Cell`, rows as 16 bit the byte G, then the 2 codes of each of so many rows
FAULT    F    :class:`Cell`, device, fault  the byte F, or x when all places for faults are taken
INDEX    N    4 bytes, index of the next    the byte N
              image
======== ==== ============================= =====================================================

The values of an image are a byte each, pixel after pixel, row after row, the channels of a pixel together,
see :mod:`sw.design.images`. Their number is in the identity; how many channels that is, the host knows from
the bundle, by the digest. So one version of the protocol serves images of one and of many channels.

Any other byte is answered with ``?`` at any time. A chip that does not know a request takes each byte of its
data for a request of its own, and may then wait for data that nobody means to send. So IMAGE, LOAD, INDEX,
WRITE and FAULT must go to a chip that knows them only: the number of values in its identity tells the first
two, its digest the bundle and with it read noise and pulse rule. Whoever has no bundle asks for CODES of 0
rows of match line 0, row 0, whose data bytes are no requests: a chip that does not know them sends seven
``?``.

WRITE, CODES and FAULT are for chips with a pulse rule, which can program themselves; they answer ``?``, after
all data bytes, to what is not in the array. FAULT injects the :class:`hw.payloads.Fault` 1 or 2 into a
device, or clears it with 3. The identity of a chip with new templates stays that of its bundle. A reset
clears all injected faults and the count of failures, and ends a request; codes in block RAM stay as they were
programmed, those in single-port RAM are loaded anew.

The bits of LOAD are the word-line values of the features in order, b bits each from the lowest on: one for
binary cells, and for window cells those of a level.

INDEX is for chips with read noise, which follows from the index of an image: 0 for the first one after reset,
then one more for each that is classified. The protocol keeps its version: a host knows from the bundle, by
the digest, whether there is noise.

A chip that loads its conductance codes at start, see :mod:`hw.array.codes.flash`, cannot classify before they
are there; its identity tells. Until then it answers all requests that it knows but IDENTIFY, LOAD and INDEX
with the single byte ``!``: IMAGE after all of its values, which are dropped, so a host sends them as always
and then tries again, and requests for cells after all of their data. No answer but one to SCORES can begin
with that byte: a host asks for scores only after an image. IDENTIFY, LOAD and INDEX are served at any time. A
chip that is ready stays so until the next reset.

A request whose bytes stop coming is dropped without an answer after IDLE_BITS bit times. A byte without a
stop bit, or a break, ends a request whose answer has not begun, and the chip takes no byte until the line was
silent for IDLE_BITS bit times. So a host that does not know where the chip stands listens until nothing has
come for longer than that, and asks again. What a dropped request leaves: the rest of an IMAGE counts as
zeros, so RESULT and SCORES say nothing until the next image, and the index has counted one; after a dropped
LOAD the word-line values must be sent again; of other requests nothing is left.
"""

import struct
from enum import IntEnum
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hw.geometry import value_bits
from sw.bundle import Bundle
from sw.design import DesignPoint

__all__ = [
    "IDLE_BITS",
    "Answer",
    "Cell",
    "Identity",
    "Opcode",
    "Written",
    "codes_request",
    "fault_request",
    "identity_of",
    "image_request",
    "index_request",
    "load_bytes",
    "load_request",
    "parse_scores",
    "write_request",
]

MAGIC = b"ENGR"
VERSION = 2
UNKNOWN = ord("?")
NOT_READY = ord("!")
IDENTITY_FORMAT = "<4sB8sIHHIB"
IDENTITY_BYTES = struct.calcsize(IDENTITY_FORMAT)
ANSWER_FORMAT = "<BHHI"
ANSWER_BYTES = struct.calcsize(ANSWER_FORMAT)
SCORE_BYTES = 4
CELL_FORMAT = "<HH"
CELL_ARGUMENT_BYTES = struct.calcsize(CELL_FORMAT) + 2
WRITTEN_FORMAT = "<BBBBHHH"
WRITTEN_BYTES = struct.calcsize(WRITTEN_FORMAT)
NO_ROOM = ord("x")
INDEX_BYTES = 4
IDLE_BITS = 2**15
"""Bit times of silence after which the chip drops an unfinished request: 33 ms at 1 Mbaud, 284 ms at 115,200.
Long, because a host's operating system may hold up its bytes, and nobody waits for it but after a fault."""


class Opcode(IntEnum):
    """First byte of a request."""

    IDENTIFY = ord("I")
    IMAGE = ord("P")
    LOAD = ord("L")
    CLASSIFY = ord("C")
    RESULT = ord("R")
    SCORES = ord("S")
    WRITE = ord("W")
    CODES = ord("G")
    FAULT = ord("F")
    INDEX = ord("N")


class Identity(NamedTuple):
    """Who the chip is: protocol version, first 8 bytes of the bundle digest, sizes, values of an image or 0,
    and 1 when it can classify."""

    magic: bytes
    version: int
    digest: bytes
    features: int
    templates: int
    classes: int
    image_values: int
    ready: int

    def to_bytes(self) -> bytes:
        """The bytes of the answer."""
        return struct.pack(IDENTITY_FORMAT, *self)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Identity":
        """Read an answer of IDENTITY_BYTES bytes."""
        return cls(*struct.unpack(IDENTITY_FORMAT, raw))


class Answer(NamedTuple):
    """Whether the margin was large enough, class, winning template, margin."""

    accepted: int
    label: int
    template: int
    margin: int

    def to_bytes(self) -> bytes:
        """The bytes of the answer."""
        return struct.pack(ANSWER_FORMAT, *self)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Answer":
        """Read an answer of ANSWER_BYTES bytes."""
        return cls(*struct.unpack(ANSWER_FORMAT, raw))


class Cell(NamedTuple):
    """Where a cell is; `row` counts over all features."""

    match_line: int
    row: int

    def to_bytes(self) -> bytes:
        """The first data bytes of a request."""
        return struct.pack(CELL_FORMAT, *self)


class Written(NamedTuple):
    """The answer to WRITE: status, codes of both devices, bit d for a device d that failed, pulses to both.

    The status is the opcode. `failures` counts the devices that failed since reset, up to 2**16 - 1.
    """

    status: int
    code_0: int
    code_1: int
    failed: int
    sets: int
    resets: int
    failures: int

    def to_bytes(self) -> bytes:
        """The bytes of the answer."""
        return struct.pack(WRITTEN_FORMAT, *self)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Written":
        """Read an answer of WRITTEN_BYTES bytes."""
        return cls(*struct.unpack(WRITTEN_FORMAT, raw))


def identity_of(bundle: Bundle, *, with_front_end: bool = False, ready: bool = True) -> Identity:
    """The answer to IDENTIFY of a chip made from `bundle`, when it is ready or before."""
    design = bundle.design
    digest = bytes.fromhex(bundle.digest)[:8]
    values = design.image_size.values if with_front_end else 0
    sizes = design.features, design.templates, design.classes, values
    return Identity(MAGIC, VERSION, digest, *sizes, ready=int(ready))


def load_bytes(design: DesignPoint) -> int:
    """Number of data bytes that follow LOAD."""
    return ceil(design.features * design.level_bits / 8)


def image_request(image: NDArray[np.uint8]) -> bytes:
    """IMAGE with one image, (height, width) or (height, width, channels)."""
    return bytes([Opcode.IMAGE]) + image.tobytes()


def load_request(levels: NDArray[np.uint8], design: DesignPoint) -> bytes:
    """LOAD with the word-line values (F,) of one image."""
    bits = value_bits(levels, design.level_bits)
    return bytes([Opcode.LOAD]) + np.packbits(bits, bitorder="little").tobytes()


def index_request(index: int) -> bytes:
    """INDEX of the next image, below 2**32."""
    return bytes([Opcode.INDEX]) + index.to_bytes(INDEX_BYTES, "little")


def write_request(cell: Cell, targets: tuple[int, int]) -> bytes:
    """WRITE of a cell."""
    return bytes([Opcode.WRITE]) + cell.to_bytes() + bytes(targets)


def codes_request(cell: Cell, rows: int) -> bytes:
    """CODES of so many rows from a cell on, on one match line."""
    return bytes([Opcode.CODES]) + cell.to_bytes() + rows.to_bytes(2, "little")


def fault_request(cell: Cell, device: int, fault: int) -> bytes:
    """FAULT of one device of a cell, a number of :class:`hw.payloads.Fault`."""
    return bytes([Opcode.FAULT]) + cell.to_bytes() + bytes([device, fault])


def parse_scores(raw: bytes) -> list[int]:
    """Scores from the answer to SCORES."""
    return [score for (score,) in struct.iter_unpack("<I", raw)]
