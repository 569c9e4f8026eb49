"""Programs that load a bitstream into a board: which board takes which, and how to come by them.

No tool of ours writes to USB. The commands are those of amaranth-boards 0.0.21 (``toolchain_program`` of each
platform) and of the programs' own documentation.
"""

import shutil
from dataclasses import dataclass

from sw.errors import EngramError

__all__ = ["Loading", "chosen_loading", "known_loadings"]

INSTALL = {
    "openFPGALoader": "apt install openfpgaloader",
    "iceprog": "apt install fpga-icestorm",
    "ecpprog": "see github.com/gregdavill/ecpprog",
    "dfu-util": "apt install dfu-util",
    "icesprog": "see github.com/wuxx/icesugar",
}
"""How to get each program; packages are those of Debian."""


@dataclass(frozen=True)
class Loading:
    """One way into a board.

    Attributes
    ----------
    program
        Name on the PATH.
    arguments
        Ahead of the bitstream.
    stays
        Whether it goes to flash and so stays after power-off; else into the FPGA's own memory.
    """

    program: str
    arguments: tuple[str, ...] = ()
    stays: bool = True


def _open_loader(*arguments: str) -> tuple[Loading, ...]:
    return (
        Loading("openFPGALoader", arguments, stays=False),
        Loading("openFPGALoader", (*arguments, "-f")),
    )


BOARDS: dict[str, tuple[Loading, ...]] = {
    "fomu": (Loading("dfu-util", ("-D",)),),
    "icebreaker_bitsy": (Loading("dfu-util", ("-d", ",1d50:6146", "-a", "0", "-R", "-D")),),
    "icesugar": (Loading("icesprog"),),
    "logicbone": (Loading("dfu-util", ("-d", "1d50:615d", "-a", "0", "-R", "-D")),),
    "orangecrab": (Loading("dfu-util", ("-a", "0", "-D")),),
    "supercon19badge": (Loading("dfu-util", ("-d", "1d50:614b", "-a", "0", "-D")),),
    "tang_nano_9k": _open_loader("-b", "tangnano9k"),
    "tang_primer_20k": _open_loader("-b", "tangprimer20k"),
    "ulx3s": _open_loader("-b", "ulx3s"),
}
"""Boards with a way of their own, by how their names begin, in lower case with _ between words."""

FAMILIES: dict[str, tuple[Loading, ...]] = {
    # An iCE40 is loaded through its flash, which may hold its codes too. FTDI and flash are wired alike on
    # nearly all boards.
    "ice40": (Loading("iceprog"), Loading("openFPGALoader", ("-b", "ice40_generic"))),
    "ecp5": (*_open_loader(), Loading("ecpprog", ("-S",), stays=False), Loading("ecpprog")),
    "gowin": _open_loader(),
}
"""All other boards, by family."""


def known_loadings(board: str, family: str) -> tuple[Loading, ...]:
    """Ways into a board, the first choice first; raises EngramError for a family that has none."""
    plain = board.lower().replace("-", "_")
    own = max((name for name in BOARDS if plain.startswith(name)), key=len, default=None)
    found = BOARDS[own] if own is not None else FAMILIES.get(family, ())
    if not found:
        raise EngramError(f"no program is known that loads {board}; load it with its maker's tool")
    return found


def chosen_loading(board: str, family: str, *, flash: bool) -> Loading:
    """The first way into a board whose program is installed.

    Parameters
    ----------
    board, family
        Names of both.
    flash
        Only one that stays after power-off. Without it the first choice comes first, whatever it is.

    Raises
    ------
    EngramError
        If no program is there; it names what to install.
    """
    ways = [way for way in known_loadings(board, family) if way.stays or not flash]
    if not ways:
        raise EngramError(f"no program is known that writes the flash of {board}; leave --flash out")
    for way in ways:
        if shutil.which(way.program) is not None:
            return way
    names = list(dict.fromkeys(way.program for way in ways))
    wanted = " or ".join(f"{name} ({INSTALL[name]})" for name in names)
    raise EngramError(f"{board} is loaded with {' or '.join(names)}, none is on the PATH; install {wanted}")
