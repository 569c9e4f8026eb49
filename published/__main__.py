"""``python -m published``: every published figure from one file."""

from published.boards import boards
from published.commands import again, check, fill, take
from sw.shell.help import Command
from sw.shell.start import program_of_commands, start

published = program_of_commands(
    "published", "What README and docs publish: docs/results.toml, and the tables that are written from it."
)
for command in (again, boards, fill, check, take):
    published.command(cls=Command)(command)

if __name__ == "__main__":
    start(published)
