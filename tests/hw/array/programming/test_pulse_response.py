"""Pulse response of the behavioural cell against the reference, pulse for pulse."""

import numpy as np
import pytest

from hw.array.programming.pulse_response import PulseResponse
from sw.reference.pulse import PulseRule, pulsed, stuck_devices
from tests.helpers.bundles import tiny_design
from tests.helpers.rtl import Bench

RULES = {
    "no spread": {},
    "much spread": {"device_spread": 255, "cycle_spread": 255},
    "stuck devices": {"device_spread": 60, "cycle_spread": 90, "p_stuck_hrs": 15_000, "p_stuck_lrs": 9_000},
    "all stuck": {"p_stuck_hrs": 2**15, "p_stuck_lrs": 2**15},
}


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("name", RULES)
def test_every_pulse_is_that_of_the_reference(name, bits):
    rule = PulseRule(key=(0xFFFF, 0x1234, 0, 0xBEEF), **RULES[name])
    design = tiny_design(cell_bits=bits)
    rng = np.random.default_rng([bits, *name.encode()])
    count = 60
    indices = rng.integers(0, 2**32, count, dtype=np.uint32)
    states = rng.integers(0, design.max_code, count, endpoint=True)
    upwards = rng.integers(0, 2, count, dtype=bool)
    amplitudes = rng.choice([0, 1, 64, 200, 255], count)
    numbers = rng.choice([1, 2, 17, 255], count)
    expected = [
        int(
            pulsed(
                states[place : place + 1],
                upwards[place : place + 1],
                amplitudes[place : place + 1],
                int(numbers[place]),
                indices[place : place + 1],
                rule,
                design.max_code,
            )[0]
        )
        for place in range(count)
    ]
    dut = PulseResponse(design, rule)
    bench = Bench(dut)
    got = []

    async def pulse(ctx):
        for place in range(count):
            inputs = states, upwards, amplitudes, numbers, indices
            ports = dut.state, dut.upwards, dut.amplitude, dut.number, dut.index
            for port, values in zip(ports, inputs, strict=True):
                ctx.set(port, int(values[place]))
            ctx.set(dut.start, 1)
            cycles = 0
            while not ctx.get(dut.done):
                await ctx.tick()
                cycles += 1
            got.append(ctx.get(dut.after))
            assert cycles == 62
            ctx.set(dut.start, 0)
            await ctx.tick()

    bench.testbench(pulse)
    bench.run()
    assert got == expected
    stuck = np.logical_or(*stuck_devices(indices, rule))
    assert stuck.any() == ("stuck" in name)
    assert (np.array(got) != states).any() or stuck.all()
