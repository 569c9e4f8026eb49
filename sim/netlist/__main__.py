"""``python -m sim.netlist``: images through the synthesised netlist of a board."""

import typer

from sim.netlist.run import simulate_netlist

if __name__ == "__main__":
    typer.run(simulate_netlist)
