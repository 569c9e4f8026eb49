"""How every program of Engram begins and ends, ``engram`` and those that ``python -m`` starts."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

from sw.console import messages, show_error
from sw.errors import EngramError
from sw.shell.help import Command, Group
from sw.shell.streams import guard_streams

__all__ = ["alone", "interruptible", "program_of_commands", "start"]

ClickException: Any = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")
"""What Typer raises for a wrong command line. It does not hand out the name, which it has from Click, or in
newer versions from a copy of Click."""


PLAIN: Any = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}
"""How Typer shall make every program: texts and errors are ours, see :mod:`sw.shell.help`."""


def program_of_commands(name: str, help_text: str) -> typer.Typer:
    """A program whose commands are still to be added; alone it prints its help."""
    return typer.Typer(name=name, help=help_text, cls=Group, no_args_is_help=True, **PLAIN)


def alone(command: Callable[..., None]) -> typer.Typer:
    """A program of one command."""
    program = typer.Typer(**PLAIN)
    program.command(cls=Command)(command)
    return program


def start(program: typer.Typer | Callable[..., None]) -> NoReturn:
    """Run a program, or a command as one, to the exit of the process.

    The streams are guarded first, see :mod:`sw.shell.streams`. A wrong command line is one line on standard
    error and exit code 2, as every other wrong input.
    """
    with interruptible():
        guard_streams()
        sys.exit(_exit_code(program if isinstance(program, typer.Typer) else alone(program)))


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C is one line and exit code 130 before a command begins, and after it has ended, too.

    Importing all commands takes a second. While one runs, :func:`sw.console.reports_errors` sees to it.
    """
    try:
        yield
    except (KeyboardInterrupt, typer.Abort):  # the second is what older versions of Typer make of the first
        messages.print("[yellow]interrupted[/]", highlight=False)
        sys.exit(128 + signal.SIGINT)


def _exit_code(program: typer.Typer) -> int:
    try:
        code = program(standalone_mode=False)
        sys.stdout.flush()  # here, where a full disk still is an error and no traceback
    except ClickException as error:
        return _refused(error)
    except EngramError as error:
        show_error(str(error))
        return 2
    return code if isinstance(code, int) else 0


def _refused(error: Any) -> int:
    """Say what is wrong with a command line, or show the help where it only lacks a subcommand."""
    context, said = getattr(error, "ctx", None), error.format_message()
    if context is not None and said == context.get_help():
        messages.out(said, highlight=False)
    else:
        see = f"; see '{context.command_path} --help'" if context is not None else ""
        show_error(" ".join(said.split()).removesuffix(".") + see)
    return 2
