"""``python -m sw.distil`` is the same program as ``engram train``."""

from sw.commands.train.command import train
from sw.shell.start import start

if __name__ == "__main__":
    start(train)
