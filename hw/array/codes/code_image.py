"""Code image: what the board's flash holds for a chip whose codes are loaded at start.

Plain numbers, no HDL: hardware, build and simulation read the same layout here.
"""

import zlib

import numpy as np

from hw.array.codes.code_memory import PART_BITS, parts_of
from hw.geometry import ArrayGeometry
from sw.bundle import Bundle

__all__ = ["FLASH_OFFSET", "code_bytes", "code_crc", "flash_contents", "flash_file"]

FLASH_OFFSET = 0x2_0000
"""Where the image begins in the flash: behind the bitstream, which icepack writes as 104,090 bytes for a
UP5K, at a border of 64 kbyte, the blocks in which iceprog erases."""

ERASED = 0xFF


def code_bytes(bundle: Bundle) -> bytes:
    """All entries of the code memory in order, each filled up to whole parts, little-endian."""
    geometry = ArrayGeometry(bundle.design)
    size = parts_of(geometry.code_width) * PART_BITS // 8
    return b"".join(entry.to_bytes(size, "little") for entry in geometry.pack_codes(bundle.array.codes))


def code_crc(codes: bytes) -> int:
    """CRC-32 (IEEE 802.3) of the codes, by which a chip knows its own."""
    return zlib.crc32(codes)


def flash_contents(codes: bytes) -> bytes:
    """The image: each byte mirrored, so that the flash, which sends the top bit first, sends bit 0 first.

    That is the order in which a CRC-32 takes bits, and in which parts of entries are shifted in.
    """
    bits = np.unpackbits(np.frombuffer(codes, np.uint8), bitorder="little")
    return np.packbits(bits, bitorder="big").tobytes()


def flash_file(bitstream: bytes, codes: bytes) -> bytes:
    """One file for the flash: bitstream, gap as after erasing, image."""
    assert len(bitstream) <= FLASH_OFFSET, len(bitstream)
    return bitstream.ljust(FLASH_OFFSET, bytes([ERASED])) + flash_contents(codes)
