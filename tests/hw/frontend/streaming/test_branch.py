"""Branch: every taker gets every item, and two maps become one, pixel by pixel."""

import pytest
from amaranth.lib import data

from hw.frontend.streaming.branch import Fork, Pair
from tests.helpers.rtl import Bench

ITEM = data.ArrayLayout(6, 1)
ITEMS = [[number] for number in range(48)]


@pytest.mark.parametrize("stall", [0.0, 0.6])
@pytest.mark.parametrize("takers", [2, 3])
def test_every_taker_gets_every_item_once(takers, stall):
    dut = Fork(ITEM, takers)
    bench = Bench(dut, seed=takers, stall=stall)
    bench.produce(dut.i, ITEMS)
    got = [bench.consume(taker, len(ITEMS)) for taker in dut.o]
    bench.run()
    assert [[list(item) for item in each] for each in got] == [ITEMS] * takers


@pytest.mark.parametrize("stall", [0.0, 0.4])
@pytest.mark.parametrize("words", [1, 3])
def test_pixels_of_two_maps_take_turns(words, stall):
    dut = Pair(ITEM, words)
    bench = Bench(dut, seed=words, stall=stall)
    bench.produce(dut.i[0], ITEMS[:24])
    bench.produce(dut.i[1], ITEMS[24:])
    got = bench.consume(dut.o, 48)
    bench.run()
    expected = []
    for pixel in range(0, 24, words):
        expected += ITEMS[pixel : pixel + words] + ITEMS[24 + pixel : 24 + pixel + words]
    assert [list(word) for word in got] == expected
