"""``python -m published``: every published figure from one file."""

import typer

from published.commands import again, check, fill, take
from sw.shell.help import Command, Group
from sw.shell.start import start

published = typer.Typer(
    name="published",
    help="What README and docs publish: docs/results.toml, and the tables that are written from it.",
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (again, fill, check, take):
    published.command(cls=Command)(command)

if __name__ == "__main__":
    start(published)
