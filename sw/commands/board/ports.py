"""Where a chip is: at a serial port, or on a virtual board that is plugged in for the command alone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sw.bundle import Bundle
from sw.progress import Listener

__all__ = ["VIRTUAL", "Place", "built_baud", "plugged_in"]

VIRTUAL = "virtual:"
DEFAULT_BAUD = 1_000_000


class Place(NamedTuple):
    """A chip to talk to.

    Attributes
    ----------
    device
        What pyserial opens.
    bundle
        What is on the chip: for a virtual board with the lanes that the build chooses.
    slowdown
        How many times slower than a board it runs; None for a real one.
    """

    device: str
    bundle: Bundle
    slowdown: float | None


@contextmanager
def plugged_in(port: str, bundle: Bundle, baud: int, listener: Listener) -> Iterator[Place]:
    """The chip at a port; ``virtual:BOARD`` is made from the bundle first, and is gone after the block.

    Raises EngramError if the bundle does not fit that board, or a tool of the simulation is missing.
    """
    if not port.startswith(VIRTUAL):
        yield Place(port, bundle, None)
        return
    from sim.virtual.board import virtual_board
    from sim.virtual.design import from_bundle

    design = from_bundle(bundle, port.removeprefix(VIRTUAL), baud, listener)
    with listener.waiting("compiling the board with Verilator, once per bundle"):
        model = design.model()
    with virtual_board(design, model) as board:
        yield Place(board.port, design.bundle, board.slowdown)


def built_baud(bundle: str, digest: str) -> int:
    """The speed that a bundle was built for: that of the report beside it, if that tells of this bundle."""
    try:
        report = json.loads(Path(bundle).with_name("report.json").read_text(encoding="utf-8"))
        if report["digest"] == digest:
            return int(report["baud"])
    except (OSError, ValueError, KeyError, TypeError):  # no build's folder: nobody chose another speed
        pass
    return DEFAULT_BAUD
