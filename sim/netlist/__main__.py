"""``python -m sim.netlist``: images through the synthesised netlist of a board."""

from sim.netlist.run import simulate_netlist
from sw.shell.start import start

if __name__ == "__main__":
    start(simulate_netlist)
