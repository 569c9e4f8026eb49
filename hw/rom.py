"""ROM: a memory with contents and one read port, in block RAM or in logic as the plan says."""

from collections.abc import Sequence

from amaranth.hdl import Module, ShapeLike
from amaranth.lib import memory

__all__ = ["add_rom"]


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
