"""Parts that all commands share at the terminal: messages, progress, options, and how errors end a command.

Standard output carries the answer (a table, or one JSON object with ``--json``); everything else goes to
standard error.
"""

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from sw.errors import EngramError
from sw.files import writing
from sw.progress import Listener, Stage
from sw.surroundings import settle
from sw.system.signals import ends_in_order, exit_code, word

__all__ = [
    "BundleArgument",
    "JsonOption",
    "SeedOption",
    "answer",
    "messages",
    "print_json",
    "print_text",
    "reports_errors",
    "show_error",
    "terminal",
]

P = ParamSpec("P")
R = TypeVar("R")

UNBOUNDED = 10_000
"""Columns of a terminal in which every cell has room."""


class _Answers(Console):
    """A console whose tables never cut a word or a number.

    Where they do not fit, the lines are longer than the terminal is wide, which shows the rest on the next
    row. Rich would put an ellipsis in the place of digits.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        for table in objects:
            if isinstance(table, Table):
                self._make_room(table)
                options["crop"] = False
        super().print(*objects, **options)

    def _make_room(self, table: Table) -> None:
        """Give every column the width of its longest word; columns that fold stay as they are."""
        wide = self.options.update(width=UNBOUNDED)
        for column in table.columns:
            if column.overflow != "fold":
                cells = [Measurement.get(self, wide, cell) for cell in (column.header, *column.cells)]
                column.min_width = max(cell.maximum if column.no_wrap else cell.minimum for cell in cells)


messages = Console(stderr=True)
"""Where progress, notes and errors go."""

answer = _Answers()
"""Where tables go."""

BundleArgument = Annotated[
    str, typer.Argument(help="A *.engram file, or zoo:NAME for one that comes with Engram.")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Seed of every random choice.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


def reports_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Decorate a command: an EngramError is one line and exit code 2.

    A signal that ends it is one line too, and exit code 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
    """

    @functools.wraps(command)
    @ends_in_order()
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            settle()
            # what is left here no writer of ours told of, so more is not known
            with writing(Path("standard output, or what a library keeps"), "make room", disk_only=True):
                return command(*args, **kwargs)
        except EngramError as error:
            show_error(str(error))
            raise typer.Exit(2) from None
        except UnicodeEncodeError as error:
            # The streams take everything (sw.shell.streams); the system, which is given names, does not.
            show_error(
                f"the name {error.object!a} must have only characters of {error.encoding}, in which this "
                "system writes names; give another one, or set LC_ALL=C.UTF-8"
            )
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            messages.print(
                f"[yellow]{word()}[/]; nothing half-written is left behind, and the same command goes on "
                "with what is done",
                soft_wrap=True,
                highlight=False,
            )
            raise typer.Exit(exit_code()) from None

    return guarded


def show_error(text: str) -> None:
    """One line on standard error that says why the command ends."""
    messages.print(f"[bold red]error:[/] {_escaped(text)}", soft_wrap=True, highlight=False)


def print_json(values: dict[str, Any]) -> None:
    """One JSON object on standard output, in ASCII, which every encoding has."""
    print_text(json.dumps(values) + "\n")


def print_text(text: str) -> None:
    """Text on standard output as it is."""
    answer.out(text, end="", highlight=False)


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")


class _Bar:
    """A stage as a line of a display."""

    def __init__(self, display: Progress, task: TaskID) -> None:
        self._display, self._task = display, task

    def done(self, more: int, /) -> None:
        self._display.advance(self._task, more)

    def note(self, text: str, /) -> None:
        self._display.update(self._task, note=text)


class _Bars:
    """Stages as progress bars on standard error.

    Stages that are open together share one display, because two of them would overwrite each other. It ends
    with the last of them, so that tables and messages can follow; a name that comes again meanwhile takes its
    line over.
    """

    def __init__(self) -> None:
        self._open = 0
        self._display = Progress(disable=True)
        self._tasks: dict[str, TaskID] = {}

    @contextmanager
    def stage(self, name: str, total: int | None, note: str = "") -> Iterator[Stage]:
        """A stage, see :class:`sw.progress.OpenStage`."""
        if not self._open:
            self._begin()
        if name in self._tasks:
            self._display.reset(self._tasks[name], total=total, note=note)
        else:
            self._tasks[name] = self._display.add_task(name, total=total, note=note)
        self._open += 1
        try:
            yield _Bar(self._display, self._tasks[name])
        finally:
            self._open -= 1
            if not self._open:
                self._display.stop()

    @contextmanager
    def waiting(self, name: str) -> Iterator[None]:
        """A spinner with the time; none beside bars, which show well enough that work goes on."""
        columns = (SpinnerColumn("line"), TextColumn("{task.description}"), TimeElapsedColumn())
        unseen = bool(self._open) or not messages.is_terminal
        with Progress(*columns, console=messages, transient=True, disable=unseen) as display:
            display.add_task(name)
            yield

    def _begin(self) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        self._display, self._tasks = Progress(*columns, console=messages), {}
        self._display.start()


def _say(text: str) -> None:
    messages.print(text, soft_wrap=True, highlight=False, markup=False)


def _warn(text: str) -> None:
    what, colon, details = text.partition(":")
    messages.print(f"[yellow]{_escaped(what + colon)}[/]{_escaped(details)}", soft_wrap=True, highlight=False)


_bars = _Bars()
terminal = Listener(_say, _warn, _bars.stage, _bars.waiting)
"""Shows at the terminal what work below the commands has to say, on standard error."""
