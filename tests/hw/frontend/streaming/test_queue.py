"""Queue: every word once and in order, as many as it is said to hold, at the cycles of its flow."""

import pytest
from amaranth.lib import data

from hw.frontend.forks import ForkFlow, QueueFlow
from hw.frontend.streaming.queue import Queue
from tests.helpers.rtl import Bench

WORD = data.ArrayLayout(5, 2)
ITEMS = [[number % 32, 31 - number % 7] for number in range(60)]


@pytest.mark.parametrize("stall", [0.0, 0.5])
@pytest.mark.parametrize("depth", [1, 2, 8])
def test_words_come_out_in_order(depth, stall):
    dut = Queue(WORD, depth)
    bench = Bench(dut, seed=depth, stall=stall)
    bench.produce(dut.i, ITEMS)
    got = bench.consume(dut.o, len(ITEMS))
    bench.run()
    assert [list(word) for word in got] == ITEMS


@pytest.mark.parametrize("depth", [1, 4])
def test_it_holds_its_depth_and_one_word_more(depth):
    dut = Queue(WORD, depth)
    bench = Bench(dut)
    taken = []

    async def fill(ctx):
        ctx.set(dut.i.valid, 1)
        for _ in range(3 * depth + 6):
            _, _, ready = await ctx.tick().sample(dut.i.ready)
            taken.append(ready)

    bench.testbench(fill)
    bench.run()
    assert sum(taken) == depth + 1


@pytest.mark.parametrize("slow", [1, 3])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_cycles_are_those_of_its_flow(depth, slow):
    """A taker that is ready every `slow` cycles; words that are always there."""
    dut = Queue(WORD, depth)
    bench = Bench(dut)
    cycles = []

    async def take(ctx):
        ctx.set(dut.i.valid, 1)
        for cycle in range(80):
            ready = cycle % slow == 0
            ctx.set(dut.o.ready, ready)
            _, _, valid = await ctx.tick().sample(dut.o.valid)
            if ready and valid:
                cycles.append(cycle)

    bench.testbench(take)
    bench.run()

    def words():
        taken = -1
        while True:
            taken = yield taken + 1

    queue = QueueFlow(items=1, items_per_word=1, words=1, depth=depth)
    # The flow has a regrouper ahead of the queue, which is a cycle later.
    offers = queue.offers(ForkFlow(words(), [queue], asks=False))
    offered, expected = next(offers), []
    while len(expected) < len(cycles):
        taken = -(-(offered - 1) // slow) * slow + 1
        expected.append(taken - 1)
        offered = offers.send(taken)
    assert cycles == expected
