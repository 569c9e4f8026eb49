"""Events against blocks that are stepped through cycle by cycle."""

import numpy as np
import pytest

from hw.events import Offers, Pipeline, buffered, handed_on, joined, offered_at_once, pipelined, taken_at_once

ITEMS = 200


def offered(gaps: list[int]) -> Offers:
    """Items that are valid so many cycles after the one before was taken."""
    taken = -1
    for gap in gaps:
        taken = yield taken + 1 + gap


def taken_late(source: Offers, waits: list[int]) -> list[int]:
    """When items are taken that wait for so many cycles."""
    cycles, at = [], next(source)
    for wait in waits:
        cycles.append(at + wait)
        at = source.send(cycles[-1])
    return cycles


def stepped(latency: int, gaps: list[int], waits: list[int]) -> tuple[list[int], list[int]]:
    """Cycles in which a row of registers that move together takes items, and in which they are taken."""
    stages: list[bool] = [False] * latency
    entered: list[int] = []
    left: list[int] = []
    valid_from, offered_since = gaps[0], None
    for cycle in range(100_000):
        if stages[-1] and offered_since is None:
            offered_since = cycle
        leaves = stages[-1] and cycle - offered_since == waits[len(left)]
        if leaves:
            left.append(cycle)
            offered_since = None
            if len(left) == len(waits):
                return entered, left
        if leaves or not stages[-1]:
            enters = len(entered) < len(gaps) and cycle >= valid_from
            if enters:
                entered.append(cycle)
                valid_from = cycle + 1 + (gaps[len(entered)] if len(entered) < len(gaps) else 0)
            stages = [enters, *stages[:-1]]
    raise AssertionError("it does not end")


@pytest.mark.parametrize("latency", [1, 2, 5])
@pytest.mark.parametrize("rates", [(0, 0), (1, 0), (0, 1), (3, 3), (9, 2), (2, 9)])
def test_a_pipeline_is_a_row_of_registers(latency, rates):
    rng = np.random.default_rng([latency, *rates])
    gaps, waits = (rng.integers(0, rate + 1, ITEMS).tolist() for rate in rates)
    entered = []

    def watched() -> Offers:
        source = offered([*gaps, 0])
        at = next(source)
        while True:
            entered.append((yield at))
            at = source.send(entered[-1])

    left = taken_late(pipelined(watched(), latency), waits)
    assert (entered, left) == stepped(latency, gaps, waits)


def test_without_registers_an_item_is_taken_when_it_leaves():
    assert taken_late(pipelined(offered([0, 2, 0, 0, 0]), 0), [0, 3, 0, 1]) == [0, 6, 7, 9]


def test_an_item_of_several_steps_ends_with_the_last_one():
    pipeline = Pipeline(3, start=10)
    first, second = pipeline.enter(0, 4), pipeline.enter(16, 2)
    assert (first, second) == (13, 17)
    assert (pipeline.hold(first, 0), pipeline.hold(second, 0)) == (16, 20)


def test_a_stop_delays_what_is_behind_it_and_nothing_before():
    pipeline = Pipeline(4)
    first = pipeline.enter(0)
    assert pipeline.hold(first, 9) == 9
    assert [pipeline.cycle(place) for place in range(6)] == [0, 1, 2, 3, 9, 10]
    assert pipeline.cycle(pipeline.enter(5)) == 9


def test_joined_items_wait_for_each_other():
    assert taken_at_once(joined(offered([0, 4, 0, 0]), offered([2, 0, 3, 0])), 3) == [2, 7, 11]


def test_items_of_a_register_follow_each_other():
    def twice() -> Offers:
        held = 4
        while True:
            held = yield from handed_on(held, 2)

    assert taken_late(twice(), [0, 1, 0, 0]) == [5, 7, 8, 9]


def test_a_buffer_takes_an_item_when_the_one_before_is_gone():
    came = []

    def watched() -> Offers:
        at = 0
        while True:
            came.append((yield at))
            at = came[-1] + 1

    assert taken_late(buffered(watched()), [0, 3, 0, 2, 0]) == [0, 4, 5, 8, 9]
    assert came == [0, 1, 5, 6, 9]


def test_what_is_always_valid_is_taken_in_every_cycle():
    assert taken_at_once(offered_at_once(), 3) == [0, 1, 2]
