"""cocotb testbench of :mod:`sim.trial`: reads one signal."""

from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import Timer

from sim.job import OUTCOME


@cocotb.test()
async def trial(dut: Any) -> None:
    """Read the answer."""
    await Timer(1, unit="ns")
    np.savez(OUTCOME, answer=int(dut.answer.value))
