"""Parts as data: family, die, capacities, and the clock that a chip reaches without care for it."""

from typing import NamedTuple

from constraints.boards import Family, Limits

__all__ = ["PARTS", "Part"]


class Part(NamedTuple):
    """What a board with this part need not say.

    Attributes
    ----------
    family
        Name of the family.
    die
        The part as nextpnr calls it, such as ``up5k``.
    core_mhz
        Default clock of the chip in MHz, or the next whole number below it that the board's PLL makes. Chips
        of the zoo reach it after place and route with the slowest speed grade.
    limits
        Capacities.
    """

    family: Family
    die: str
    core_mhz: int
    limits: Limits


def _ice40(die: str, core_mhz: int, cells: int, block_rams: int, sprams: int = 0, dsps: int = 0) -> Part:
    """A logic cell has one look-up table and one flip-flop."""
    limits = Limits(luts=cells, ffs=cells, block_rams=block_rams, block_ram_kbit=4, sprams=sprams, dsps=dsps)
    return Part("ice40", die, core_mhz, limits)


def _ecp5(die: str, cells: int, block_rams: int, dsps: int) -> Part:
    """A slice has as many look-up tables as flip-flops."""
    limits = Limits(luts=cells, ffs=cells, block_rams=block_rams, block_ram_kbit=18, sprams=0, dsps=dsps)
    return Part("ecp5", die, 80, limits)


def _gowin(die: str, core_mhz: int, luts: int, ffs: int, block_rams: int) -> Part:
    """Of four slices of a cell, three have flip-flops; multipliers are not used."""
    limits = Limits(luts=luts, ffs=ffs, block_rams=block_rams, block_ram_kbit=18, sprams=0, dsps=0)
    return Part("gowin", die, core_mhz, limits)


# iCE40 UltraPlus (FPGA-DS-02008) and LP/HX (FPGA-DS-02029), ECP5 and ECP5-5G (FPGA-DS-02012) family data
# sheets; GW1N (DS100), GW1NR (DS117) and GW2A (DS102) data sheets. Some small parts have the die of a larger
# one, and the open tools would use all of it; the data sheet's numbers are those that every chip of the part
# is tested for.
PARTS: dict[str, Part] = {
    "iCE40UP3K": _ice40("up3k", 24, 2800, 20, sprams=4, dsps=4),
    "iCE40UP5K": _ice40("up5k", 36, 5280, 30, sprams=4, dsps=8),
    "iCE40LP1K": _ice40("lp1k", 32, 1280, 16),
    "iCE40LP4K": _ice40("lp4k", 32, 3520, 20),
    "iCE40LP8K": _ice40("lp8k", 32, 7680, 32),
    "iCE40HX1K": _ice40("hx1k", 48, 1280, 16),
    "iCE40HX4K": _ice40("hx4k", 48, 3520, 20),
    "iCE40HX8K": _ice40("hx8k", 48, 7680, 32),
    "LFE5U-12F": _ecp5("12k", 12_000, 32, 28),
    "LFE5U-25F": _ecp5("25k", 24_288, 56, 28),
    "LFE5U-45F": _ecp5("45k", 43_848, 108, 72),
    "LFE5U-85F": _ecp5("85k", 83_640, 208, 156),
    "LFE5UM-25F": _ecp5("um-25k", 24_288, 56, 28),
    "LFE5UM-45F": _ecp5("um-45k", 43_848, 108, 72),
    "LFE5UM-85F": _ecp5("um-85k", 83_640, 208, 156),
    "LFE5UM5G-25F": _ecp5("um5g-25k", 24_288, 56, 28),
    "LFE5UM5G-45F": _ecp5("um5g-45k", 43_848, 108, 72),
    "LFE5UM5G-85F": _ecp5("um5g-85k", 83_640, 208, 156),
    "GW1N-1": _gowin("GW1N-1", 24, 1152, 864, 4),
    "GW1NR-9C": _gowin("GW1N-9C", 36, 8640, 6480, 26),
    "GW2A-18C": _gowin("GW2A-18C", 54, 20_736, 15_552, 46),
}
"""By the maker's name, as platforms of amaranth-boards spell it."""
