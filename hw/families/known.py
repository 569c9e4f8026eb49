"""Known families, by the name that boards' files give them."""

from constraints.boards import Family
from hw.families.ecp5 import ECP5
from hw.families.family import FpgaFamily
from hw.families.gowin import GOWIN
from hw.families.ice40 import ICE40

__all__ = ["known"]

FAMILIES: dict[Family, FpgaFamily] = {family.name: family for family in (ICE40, ECP5, GOWIN)}


def known(name: Family) -> FpgaFamily:
    """The family of that name; boards' files are checked to name a known one."""
    return FAMILIES[name]
