"""What all commands share at the terminal: messages, progress, options, and how errors end a command.

Standard output carries the answer (a table, or one JSON object with ``--json``); everything else goes to
standard error.
"""

import functools
import json
from collections.abc import Callable
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sw.errors import EngramError

__all__ = [
    "BundleArgument",
    "JsonOption",
    "SeedOption",
    "answer",
    "messages",
    "print_json",
    "progress",
    "reports_errors",
]

P = ParamSpec("P")
R = TypeVar("R")

messages = Console(stderr=True)
"""Where progress, notes and errors go."""

answer = Console()
"""Where tables go."""

BundleArgument = Annotated[
    str, typer.Argument(help="A *.engram file, or zoo:NAME for one that comes with Engram.")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Seed of every random choice.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


def reports_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Decorate a command: an EngramError is one line and exit code 2, Ctrl-C is one line and 130."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except EngramError as error:
            messages.print(f"[bold red]error:[/] {_escaped(str(error))}", soft_wrap=True, highlight=False)
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            messages.print("[yellow]interrupted[/]; nothing half-written is left behind")
            raise typer.Exit(130) from None

    return guarded


def progress() -> Progress:
    """A progress bar on standard error; use it as a context manager."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    return Progress(*columns, console=messages)


def print_json(values: dict[str, Any]) -> None:
    """One JSON object on standard output."""
    typer.echo(json.dumps(values))


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")
