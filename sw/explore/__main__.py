"""``python -m sw.explore`` is the same program as ``engram explore``."""

from sw.commands.explore.command import explore
from sw.shell.start import start

if __name__ == "__main__":
    start(explore)
