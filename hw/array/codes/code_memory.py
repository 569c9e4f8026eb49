"""Code memory: the conductance codes of the array, in block RAM or in single-port RAM."""

from math import ceil

from amaranth.hdl import Module, unsigned
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["PART_BITS", "SINGLE_PORT_STYLE", "CodeMemory", "load_port", "parts_of"]

PART_BITS = 16
"""Bits that are written at once: the width of the iCE40 UltraPlus' single-port RAM, SB_SPRAM256KA (Lattice
FPGA-TN-02022)."""

SINGLE_PORT_STYLE = "huge"
"""How Yosys is asked for single-port RAM, as attribute ``ram_style``."""


def parts_of(width: int) -> int:
    """Parts of an entry of `width` bits; the last one is filled up."""
    return ceil(width / PART_BITS)


def load_port() -> wiring.Signature:
    """Parts of all entries in order, on their way into the memory; each is taken in the cycle it is valid."""
    return wiring.Signature({"valid": Out(1), "payload": Out(PART_BITS)})


class CodeMemory(wiring.Component):
    """One memory with one address, for reading or for writing an entry in each cycle.

    The same description serves everywhere; only what synthesis is asked for differs. With contents it is
    block RAM, which the bitstream initialises. Without, it is single-port RAM where the part has it: what is
    in there after configuration is not defined, and all of it must be written before it is read.

    Latency: one cycle from `read` to `entry`. In a cycle that writes nothing is read.

    Parameters
    ----------
    depth, width
        Entries, and bits of an entry.
    contents
        All entries, or None when they come later.

    Members
    -------
    address
        Of the entry to read or to write.
    read
        Read the entry; it is on `entry` from the next cycle until another one is read.
    entry
        The entry read last.
    write
        Write the entry: one bit for each of its parts of PART_BITS, a single one for a memory with contents.
    new_entry
        What is written.
    """

    def __init__(self, depth: int, width: int, contents: list[int] | None):
        self._depth = depth
        self._contents = contents
        parts = parts_of(width) if contents is None else 1
        self._width = parts * PART_BITS if contents is None else width
        super().__init__(
            {
                "address": In(range(depth)),
                "read": In(1),
                "entry": Out(self._width),
                "write": In(parts),
                "new_entry": In(self._width),
            }
        )

    def elaborate(self, platform):
        """Both ports at the same address, never at work in the same cycle: one port of single-port RAM."""
        m = Module()
        loaded = self._contents is None
        m.submodules.codes = codes = memory.Memory(
            shape=unsigned(self._width),
            depth=self._depth,
            init=[] if loaded else self._contents,
            attrs={"ram_style": SINGLE_PORT_STYLE if loaded else "block"},
        )
        read = codes.read_port()
        write = codes.write_port(granularity=PART_BITS if loaded else None)
        m.d.comb += [
            read.addr.eq(self.address),
            read.en.eq(self.read & ~self.write.any()),
            self.entry.eq(read.data),
            write.addr.eq(self.address),
            write.en.eq(self.write),
            write.data.eq(self.new_entry),
        ]
        return m
