"""Events: when items pass along streams, by handshakes alone, without data.

A part is a generator of *offers*: it yields the cycle from which its next item is valid, and is sent the
cycle in which that item is taken. So what is behind a part holds it up as in hardware, and cycles in which
nothing happens cost nothing.
"""

from bisect import bisect_right
from collections.abc import Generator

__all__ = [
    "Offers",
    "Pipeline",
    "Wait",
    "buffered",
    "handed_on",
    "joined",
    "offered_at_once",
    "pipelined",
    "taken_at_once",
]

Offers = Generator[int, int, None]
"""Cycles of offers; the cycles in which they are taken are sent."""
Wait = Generator[int, int, int]
"""Some offers, and the cycle that they lead to."""


class Pipeline:
    """A rigid pipeline: an item that cannot leave stops everything behind it, gaps included.

    Its moves are counted in *places*: the cycles in which it moves, without those in which it is stopped. A
    place is a cycle when all stops before it are known. They are: an item is asked when it leaves as soon as
    it enters, because items leave in order and none can be held up by a later one.

    Parameters
    ----------
    latency
        Places from the entry of an item to the end, where it is offered.
    start
        Cycle of the first place.
    """

    def __init__(self, latency: int, start: int = 0):
        self._latency, self._next = latency, start
        self._stops: list[int] = []  # places at which it was stopped
        self._stopped = [0]  # for how many cycles, up to each of them

    def cycle(self, place: int) -> int:
        """Cycle of a place that no later item stops: one up to `latency` behind the last entry."""
        return place + self._stopped[bisect_right(self._stops, place)]

    def enter(self, cycle: int, steps: int = 1) -> int:
        """Let an item in at the first free place from `cycle` on; gives the last of its `steps` places."""
        place, stops = self._next, bisect_right(self._stops, self._next)
        while place + self._stopped[stops] < cycle:
            place = cycle - self._stopped[stops]
            if stops < len(self._stops) and self._stops[stops] <= place:
                place, stops = self._stops[stops], stops + 1
        self._next = place + steps
        return self._next - 1

    def hold(self, entered: int, cycle: int) -> int:
        """Stop the item that entered at a place, at the end, until `cycle`; gives when it leaves."""
        end = entered + self._latency
        wait = cycle - self.cycle(end)
        if wait <= 0:
            return cycle - wait
        self._stops.append(end)
        self._stopped.append(self._stopped[-1] + wait)
        return cycle

    def leave(self, entered: int) -> Wait:
        """Offer the item that entered at a place; gives when it is taken."""
        taken = yield self.cycle(entered + self._latency)
        return self.hold(entered, taken)


def offered_at_once() -> Offers:
    """Items that are always valid."""
    taken = -1
    while True:
        taken = yield taken + 1


def joined(first: Offers, second: Offers) -> Offers:
    """Pairs, one item of each, that are taken together."""
    offered = next(first), next(second)
    while True:
        taken = yield max(offered)
        offered = first.send(taken), second.send(taken)


def buffered(source: Offers) -> Offers:
    """Items behind a :class:`hw.skid_buffer.SkidBuffer`: each leaves `source` when the one before is gone."""
    offered, taken = next(source), -1
    while True:
        came = max(offered, taken + 1)
        taken = yield came
        offered = source.send(came)


def pipelined(source: Offers, latency: int) -> Offers:
    """Items behind a rigid pipeline of so many registers."""
    pipeline = Pipeline(latency)
    offered = next(source)
    while True:
        place = pipeline.enter(offered)
        yield from pipeline.leave(place)
        offered = source.send(pipeline.cycle(place))


def handed_on(held: int, items: int) -> Wait:
    """Items out of a register that was filled in the cycle `held`; it is free when the last one is taken."""
    for _ in range(items):
        held = yield held + 1
    return held


def taken_at_once(source: Offers, items: int) -> list[int]:
    """Cycles of the first items when each is taken as soon as it is valid."""
    cycles = [next(source)]
    while len(cycles) < items:
        cycles.append(source.send(cycles[-1]))
    return cycles
