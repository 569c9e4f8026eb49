"""The fault table against a set."""

import numpy as np
import pytest

from hw.array.programming.faults import FaultTable
from tests.helpers.rtl import Bench


@pytest.mark.parametrize("entries", [1, 3, 4])
def test_table_is_a_set_of_limited_size(entries):
    rng = np.random.default_rng(entries)
    dut = FaultTable(entries, address_bits=3)
    bench = Bench(dut)
    listed: set[int] = set()
    seen = set()

    async def play(ctx):
        for address, action in zip(
            rng.integers(0, 8, 300).tolist(), rng.integers(0, 4, 300).tolist(), strict=True
        ):
            add, remove = action == 1 or action == 2, action == 3
            for port, value in ((dut.address, address), (dut.add, add), (dut.remove, remove)):
                ctx.set(port, int(value))
            ctx.set(dut.search, 1)
            cycles = 0
            while not ctx.get(dut.done):
                await ctx.tick()
                cycles += 1
            found, full = address in listed, address not in listed and len(listed) == entries
            assert (ctx.get(dut.found), ctx.get(dut.full)) == (found, full)
            assert 3 <= cycles <= 2 * entries + 1 if listed else cycles == 1
            seen.add((found, full, action))
            await ctx.tick()
            ctx.set(dut.search, 0)
            await ctx.tick()
            if add and not full:
                listed.add(address)
            if remove:
                listed.discard(address)

    bench.testbench(play)
    bench.run()
    assert len(seen) == 3 * 4
