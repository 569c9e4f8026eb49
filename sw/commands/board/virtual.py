"""``engram virtual``: a board that is not there, behind a pseudo-terminal."""

import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sw.console import JsonOption, print_json, print_text, reports_errors, terminal
from sw.errors import EngramError

if TYPE_CHECKING:
    from sim.virtual.board import VirtualBoard

__all__ = ["virtual"]

WORDS = "reset, noise, unplug"


@reports_errors
def virtual(
    build: Annotated[Path, typer.Argument(metavar="BUILD", help="Folder that 'engram build' made.")],
    as_json: JsonOption = False,
) -> None:
    """Run a build under Verilator behind a pseudo-terminal, whose path is printed; it runs until Ctrl-C.

    The chip is the top that was synthesised, with its PLL and flash by models and the UART at its real
    speed in clock cycles. Talk to it as to a board, with 'engram run BUNDLE --port PATH' in another terminal.
    Its time passes while bytes are on the way or the chip is at work, and stands still otherwise. Type reset,
    noise or unplug to do that to it, with a number to do it when it has got so many bytes.
    """
    from hw.host.serial_port import shortest_limit
    from sim.virtual.board import virtual_board
    from sim.virtual.design import from_build

    design = from_build(build)
    with terminal.waiting("compiling the board with Verilator, once per build"):
        model = design.model()
    with virtual_board(design, model) as board:
        values = design.bundle.design.image_size.values
        limit = round(shortest_limit(design.baud, values, board.slowdown), 1)
        if as_json:
            facts = {"port": board.port, "baud": design.baud, "bundle": design.bundle.digest}
            print_json({**facts, "slowdown": round(board.slowdown, 1), "timeout": limit})
        else:
            print_text(f"{board.port}\n")
        sys.stdout.flush()  # whoever waits for the path reads it from a pipe
        terminal.say(
            f"{design.board.title} at {board.port}, {board.slowdown:,.0f} times slower than a board; "
            f"engram run BUNDLE --port {board.port} --timeout {limit:g}"
        )
        for line in sys.stdin:
            if line.strip():
                _obey(board, line.split())
            if not board.running:
                break
        board.wait()
    terminal.say("unplugged")


def _obey(board: "VirtualBoard", words: list[str]) -> None:
    orders = {"reset": board.reset, "noise": board.noise, "unplug": board.unplug}
    try:
        word, after = words[0], int(words[1]) if len(words) > 1 else 0
        orders[word](after)
        if word == "unplug" and not after:
            board.wait()
    except (KeyError, ValueError, struct.error):  # no word, no number, or one that is too large
        terminal.warn(f"{' '.join(words)[:40]!r} is no order: type one of {WORDS}, if need be with a number")
    except OSError:
        raise EngramError("the board must run to be given orders, it is unplugged; start it anew") from None
