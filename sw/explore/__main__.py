"""``python -m sw.explore`` is the same program as ``engram explore``."""

import typer

from sw.commands.explore.command import explore

if __name__ == "__main__":
    typer.run(explore)
