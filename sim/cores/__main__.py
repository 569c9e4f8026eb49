"""``python -m sim.cores``: an exported core against the reference, or read by several tools."""

from sim.cores.command import simulate_cores
from sw.shell.start import start

if __name__ == "__main__":
    start(simulate_cores)
