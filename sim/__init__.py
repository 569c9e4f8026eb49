"""Simulation: the RTL under Verilator, driven by cocotb, compared with the reference value by value."""
