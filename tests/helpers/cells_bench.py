"""cocotb testbench: plays values on the inputs of a netlist and records its outputs, cycle by cycle."""

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from sim.job import JOB, OUTCOME


@cocotb.test()
async def play(dut):
    """Inputs change on the falling edge; outputs are read just before they change again."""
    with np.load(JOB) as job:
        inputs = {name[3:]: job[name].tolist() for name in job if name.startswith("in.")}
        outputs = {name[4:]: [] for name in job if name.startswith("out.")}
    dut.rst.value = 0
    Clock(dut.clk, 2, unit="ns").start()
    await FallingEdge(dut.clk)
    for values in zip(*inputs.values(), strict=True):
        for name, value in zip(inputs, values, strict=True):
            getattr(dut, name).value = value
        await FallingEdge(dut.clk)
        for name, recorded in outputs.items():
            recorded.append(int(getattr(dut, name).value))
    np.savez(OUTCOME, **{name: np.array(values, np.uint64) for name, values in outputs.items()})
