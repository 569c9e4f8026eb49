"""``python -m sw.distil`` is the same program as ``engram train``."""

import typer

from sw.commands.train.command import train

if __name__ == "__main__":
    typer.run(train)
