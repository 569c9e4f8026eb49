"""``engram load``: a bitstream into a board, by the program that knows its cable."""

import json as jsonlib
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sw.console import JsonOption, answer, print_json, reports_errors, terminal
from sw.errors import EngramError
from sw.system.programs import run

if TYPE_CHECKING:
    from constraints.boards import Board

__all__ = ["load"]

GRACE_S = 5.0
"""Ctrl-C in the middle of writing a flash lets the program end what it is doing."""


@reports_errors
def load(
    bitstream: Annotated[
        Path, typer.Argument(metavar="BITSTREAM", help="The .bin or .bit file that 'engram build' made.")
    ],
    board: Annotated[str, typer.Option("--board", "-b", help="Board, as for 'engram build'.")],
    flash: Annotated[
        bool,
        typer.Option(
            "--flash",
            help="Into the flash of the board, where it stays after power-off. An iCE40 is always loaded so.",
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Load a bitstream into a board that is plugged in.

    It calls openFPGALoader, iceprog, ecpprog, dfu-util or what else the board needs, and says what to install
    if that is missing. What the program says is shown. Then 'engram run' talks to the chip.
    """
    from hw.boards.known import load as load_board
    from hw.fpga.programmers import chosen_loading

    target = load_board(board, any_uart=True)
    _check(bitstream, target)
    way = chosen_loading(target.name, target.family, flash=flash)
    command = [way.program, *way.arguments, str(bitstream)]
    terminal.say(f"$ {shlex.join(command)}")
    try:
        # its messages belong to standard error, where ours go: standard output is for the answer
        done = run(command, stdout=sys.__stderr__, stderr=None, grace=GRACE_S)
    except OSError as error:
        raise EngramError(f"cannot run {way.program}: {error.strerror}; install it anew") from None
    if done.returncode:
        raise EngramError(
            f"{way.program} must load {bitstream}, it ended with code {done.returncode}; check that the "
            "board is plugged in, that no other program uses it, and that you may use USB devices"
        )
    place = "flash" if way.stays else "the FPGA, until power-off"
    if json:
        print_json(
            {"board": target.name, "bitstream": str(bitstream), "program": way.program, "flash": way.stays}
        )
    else:
        answer.print(f"{bitstream} is in {place}", soft_wrap=True, highlight=False, markup=False)


def _check(bitstream: Path, board: "Board") -> None:
    """Refuse what is no bitstream for the board's family, or was built for another board."""
    from hw.families.known import known

    suffix = known(board.family).suffix
    if bitstream.suffix != suffix:
        raise EngramError(
            f"a bitstream for {board.name} must end in {suffix}, got {bitstream.name!r}; give what 'engram "
            f"build --board {board.name}' made"
        )
    try:
        if not bitstream.stat().st_size:
            raise EngramError(f"{bitstream} must be a bitstream, it is empty; build it again")
        report = jsonlib.loads(bitstream.with_name("report.json").read_text(encoding="utf-8"))
        other = Path(report["bitstream"]).name == bitstream.name and report["board"] != board.name
    except OSError as error:
        if not bitstream.is_file():
            raise EngramError(f"cannot read {bitstream}: {error.strerror}; build it first") from None
        return  # a bitstream that was moved away from its report
    except (ValueError, KeyError, TypeError):
        return
    if other:
        raise EngramError(
            f"{bitstream} was built for {report['board']}, got --board {board.name}; build it for that board"
        )
