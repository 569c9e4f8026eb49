"""Help texts: every option on a line of its own, what it does on the lines below, at any width.

Typer's own help is a table, which cuts the names of options where the terminal has 80 columns or fewer, and
has box characters that some terminals do not have.
"""

import shutil
import sys
import textwrap
from collections.abc import Iterable
from inspect import cleandoc
from typing import Any

from typer.core import TyperCommand, TyperGroup

from sw.shell.readable import readable

__all__ = ["Command", "Group"]

WIDEST = 100
"""Longer lines are hard to read."""
NARROWEST = 20
NAMES, TEXTS = " " * 2, " " * 6
"""Indents."""


class Command(TyperCommand):
    """A command whose help is plain text."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the whole help into the formatter."""
        formatter.write(_help_of(self, ctx))


class Group(TyperGroup):
    """A command with subcommands, whose help is plain text."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the whole help into the formatter."""
        formatter.write(_help_of(self, ctx))


def _help_of(command: Command | Group, ctx: Any) -> str:
    width = max(NARROWEST, min(shutil.get_terminal_size().columns, WIDEST))
    lines = _filled(f"Usage: {ctx.command_path}", command.collect_usage_pieces(ctx), width)
    for paragraph in _paragraphs(command.help or ""):
        lines += ["", *_wrapped(paragraph, "", width)]
    for heading, parameters in _panels(command, ctx).items():
        lines += ["", f"{heading}:"]
        for names, text in parameters:
            lines += [NAMES + names, *_wrapped(text, TEXTS, width)]
    if isinstance(command, Group):
        lines += ["", "Commands:", *_subcommands(command, ctx, width)]
    # Here and not in the stream: Typer writes UTF-8 to a terminal that calls itself ASCII.
    return readable("\n".join(lines) + "\n", getattr(sys.stdout, "encoding", None) or "utf-8")


def _panels(command: Command | Group, ctx: Any) -> dict[str, list[tuple[str, str]]]:
    """Names and texts of the parameters below the headings they belong to, in the order of the command."""
    panels: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
            panels.setdefault(getattr(parameter, "rich_help_panel", None) or usual, []).append(record)
    return panels


def _subcommands(group: Group, ctx: Any, width: int) -> list[str]:
    names = group.list_commands(ctx)
    column = max(map(len, names)) + 4
    lines = []
    for name in names:
        command = group.get_command(ctx, name)
        summary = next(iter(_paragraphs((command.help if command else None) or "")), "")
        first, *more = _wrapped(summary, " " * column, width) or [""]
        lines += [f"{NAMES}{name}".ljust(column) + first.strip(), *more]
    return lines


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in cleandoc(text).split("\n\n") if part.strip()]


def _wrapped(text: str, indent: str, width: int) -> list[str]:
    """Lines of words; a word is never cut, and neither is an option at its dashes."""
    return textwrap.wrap(
        " ".join(text.split()),
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _filled(start: str, words: Iterable[str], width: int) -> list[str]:
    return textwrap.wrap(
        " ".join([start, *words]),
        width,
        subsequent_indent=TEXTS,
        break_long_words=False,
        break_on_hyphens=False,
    )
