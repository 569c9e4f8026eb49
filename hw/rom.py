"""ROM: a memory with contents and one read port, in block RAM or in logic as the plan says."""

from collections.abc import Sequence

from amaranth.hdl import Module, ShapeLike, Value
from amaranth.lib import memory

__all__ = ["add_rom", "read_at_once"]


def add_rom(m: Module, name: str, shape: ShapeLike, contents: Sequence[int], style: str) -> memory.ReadPort:
    """Add a ROM as the submodule `name` and give its read port, whose data come one cycle after an address.

    Parameters
    ----------
    m
        Where it is added.
    name
        Of the submodule.
    shape
        Of an entry.
    contents
        Every entry.
    style
        ``block`` or ``logic``, see :func:`hw.frontend.unit_memories.memory_style`. Yosys has one name for it
        where a memory has a write port, another where it has none.
    """
    rom = memory.Memory(
        shape=shape,
        depth=len(contents),
        init=list(contents),
        attrs={"ram_style": style, "rom_style": style},
    )
    m.submodules[name] = rom
    return rom.read_port(src_loc_at=1)  # Amaranth names signals after a variable: the caller's


def read_at_once(m: Module, name: str, shape: ShapeLike, contents: Sequence[int], address: Value) -> Value:
    """Entry of a small ROM in logic, in the cycle of its address; other arguments as for :func:`add_rom`."""
    attributes = {"ram_style": "logic", "rom_style": "logic"}
    rom = memory.Memory(shape=shape, depth=len(contents), init=list(contents), attrs=attributes)
    m.submodules[name] = rom
    read = rom.read_port(domain="comb", src_loc_at=1)
    m.d.comb += read.addr.eq(address)
    return read.data
