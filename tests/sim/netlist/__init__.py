"""Tests of ``sim/netlist``."""
