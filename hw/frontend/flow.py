"""Flow: when a front end delivers its values, by its handshakes, without data.

Every part is a generator of *offers*: it yields the cycle from which its next item is valid, and is sent the
cycle in which that item is taken. So what is behind a part holds it up as in hardware, and cycles in which
nothing happens cost nothing.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator

from hw.arith import AdderTree
from hw.frontend.folded.fold import CHANGE_CYCLES, Fold
from hw.frontend.schedule import LayerSchedule
from hw.frontend.unit_memories import window_depth

__all__ = ["Offers", "folded_offers", "offered_at_once", "streaming_offers"]

Offers = Generator[int, int, None]
"""Cycles of offers; the cycles in which they are taken are sent."""
Finish = Callable[[int], Generator[int, int, int]]
"""From the cycle in which a group is held to the one in which it is needed no longer, by way of its items."""

WINDOW_LATENCY = 3
"""Places from a step to the output of :class:`hw.frontend.streaming.window.Window`."""
RELEASE_LATENCY = 2
"""Places from the last step of a pixel to the release of the words behind it."""
REQUANTISE_LATENCY = 4
"""Cycles of :class:`hw.frontend.streaming.requantise.Requantise`."""


def offered_at_once() -> Offers:
    """Items that are always there."""
    taken = -1
    while True:
        taken = yield taken + 1


def streaming_offers(schedules: tuple[LayerSchedule, ...]) -> Offers:
    """Feature values of :class:`hw.frontend.streaming.frontend.FrontEnd`, whose pixels are always there."""
    source = offered_at_once()
    behind = [(schedule.parallelism.input_lanes, schedule.input_words) for schedule in schedules[1:]]
    if schedules:
        behind.append((1, schedules[-1].shape.outputs[0]))
    for schedule, (word_values, words) in zip(schedules, behind, strict=True):
        items = schedule.groups * (schedule.rounds if schedule.layer.has_weights else 1)
        items_per_word = word_values // schedule.values_at_once
        unit = _Unit(schedule, source)
        source = _regrouped(unit.items(), items=items, items_per_word=items_per_word, words=words)
    return source


def folded_offers(fold: Fold) -> Offers:
    """The same of :class:`hw.frontend.folded.frontend.FoldedFrontEnd`."""
    last = fold.schedules[-1]
    values = fold.parallelism.output_lanes if last.layer.has_weights else fold.parallelism.input_lanes
    items = _folded_items(fold, _handed_on(values))
    return _regrouped(items, items=last.groups * values, items_per_word=1, words=last.shape.outputs[0])


def _folded_items(fold: Fold, finish: "Finish") -> Offers:
    """Values of the last layer; those before it cannot be held up."""
    last, before = fold.schedules[-1], fold.layer_cycles()[:-1]
    pixels = last.shape.outputs[1] * last.shape.outputs[2]
    restart = fold.pixels
    while True:
        end, stopped, done = restart + sum(before) + fold.latency_of(last) - 1, 0, -1
        for _ in range(pixels):
            for steps in last.steps:
                end += steps
                held = max(end + stopped, done)
                stopped = held - end
                done = yield from finish(held)
        ended = done + 1 + CHANGE_CYCLES
        through = restart + before[0] if before else ended
        restart = max(ended, through + fold.pixels - 1)


def _regrouped(source: Offers, *, items: int, items_per_word: int, words: int) -> Offers:
    """Words of :class:`hw.frontend.streaming.regroup.Regroup`, from so many items of a pixel."""
    offered, taken, word_taken = next(source), -1, -1
    while True:
        for item in range(items):
            taken = max(offered, taken + 1, word_taken)
            full = item == items - 1 or item % items_per_word == items_per_word - 1
            if full and item // items_per_word < words:
                word_taken = yield taken + 1
            offered = source.send(taken)


def _handed_on(rounds: int) -> Finish:
    """Items of :class:`hw.frontend.streaming.activation.Serialiser`."""

    def finish(held: int) -> Generator[int, int, int]:
        taken = held
        for _ in range(rounds):
            taken = yield taken + 1
        return taken

    return finish


def _searched(rounds: int, bits: int) -> Finish:
    """Items of :class:`hw.frontend.streaming.activation.ThresholdSearch`."""
    taken = -1

    def finish(held: int) -> Generator[int, int, int]:
        nonlocal taken
        found = held
        for _ in range(rounds):
            found = max(found + bits, taken)
            taken = yield found + 1
        return found

    return finish


def _requantised(rounds: int) -> Finish:
    """Items of :class:`hw.frontend.streaming.requantise.Requantise`, a rigid pipeline like :class:`_Unit`."""
    place, stopped = -1, 0
    stops: deque[tuple[int, int]] = deque()  # of items ahead: at which place, and for how long

    def stopped_until(place: int) -> int:
        nonlocal stopped
        while stops and stops[0][0] <= place:
            stopped += stops.popleft()[1]
        return stopped

    def finish(held: int) -> Generator[int, int, int]:
        nonlocal place
        for _ in range(rounds):
            place += 1
            while place + stopped_until(place) <= held:
                place = min([held + 1 - stopped, *(at for at, _ in stops)])
            entered = place + stopped
            offered = entered + REQUANTISE_LATENCY + sum(stop for _, stop in stops)
            taken = yield offered
            stops.append((place + REQUANTISE_LATENCY, taken - offered))
        return entered

    return finish


def _finish_of(schedule: LayerSchedule) -> Finish:
    layer = schedule.layer
    if not layer.has_weights:
        return _handed_on(1)
    if layer.activation_bits is None:
        return _handed_on(schedule.rounds)
    if layer.requantises:
        return _requantised(schedule.rounds)
    return _searched(schedule.rounds, schedule.search_bits)


def _pixels(schedule: LayerSchedule) -> Iterator[tuple[int, int]]:
    """For every output pixel, image after image: how many words must be there, and are released behind it.

    As :class:`hw.frontend.streaming.window.Window` counts them, padding above the first image included in the
    latter.
    """
    walk = schedule.walk
    rows, columns = walk.rows, walk.columns
    first = -walk.ahead
    while True:
        for y in range(rows.outputs):
            for x in range(columns.outputs):
                needed = first + walk.until(rows.last_tap(y), columns.last_tap(x))
                if x < columns.outputs - 1:
                    first += walk.step_x
                elif y < rows.outputs - 1:
                    first += walk.step_row
                else:
                    first += walk.step_image
                yield needed, first + walk.ahead


class _Unit:
    """One :class:`hw.frontend.streaming.layer.LayerUnit`.

    Its pipeline is rigid: a group that cannot be held yet stops every step. So steps have *places* in the
    pipeline, counted in the cycles in which it moves; a place is a cycle when it is known for how long the
    pipeline was stopped before.

    Parameters
    ----------
    schedule
        Of the layer.
    source
        Input words.
    """

    def __init__(self, schedule: LayerSchedule, source: Offers):
        self._schedule, self._source = schedule, source
        self._finish = _finish_of(schedule)
        lanes = schedule.parallelism
        self._latency = WINDOW_LATENCY
        if schedule.layer.has_weights:
            self._latency += 1 + AdderTree.latency(lanes.taps * lanes.input_lanes)
        self._stopped, self._done = 0, -1
        self._ends: deque[int] = deque()  # places at which the groups inside end
        self._releases: deque[tuple[int, int]] = deque()  # places, and the words released until then
        self._free: deque[tuple[int, int]] = deque()  # the same in cycles

    def items(self) -> Offers:
        """Items of neighbouring output channels."""
        schedule = self._schedule
        room = window_depth(schedule) - schedule.walk.ahead
        place, words, released, taken = 0, 0, 0, -1
        offered = next(self._source)
        for needed, gone in _pixels(schedule):
            while words < needed:
                taken = max(taken + 1, offered)
                while words >= room + released:
                    if not self._free:
                        yield from self._finish_until(self._releases[0][0])
                    free, released = self._free.popleft()
                    taken = max(taken, free)
                words += 1
                offered = self._source.send(taken)
            yield from self._finish_until(place)
            while place + self._stopped <= taken:
                place = min([taken + 1 - self._stopped, *self._ends])
                yield from self._finish_until(place)
            for steps in schedule.steps:
                place += steps
                self._ends.append(place - 1 + self._latency)
            self._releases.append((place - 1 + RELEASE_LATENCY, gone))

    def _finish_until(self, place: int) -> Offers:
        """Finish the groups that end up to a place, and settle what is released up to it."""
        while self._ends and self._ends[0] <= place:
            end = self._ends.popleft()
            self._release_until(end - 1)
            held = max(end + self._stopped, self._done)
            self._stopped = held - end
            self._done = yield from self._finish(held)
        self._release_until(place)

    def _release_until(self, place: int) -> None:
        while self._releases and self._releases[0][0] <= place:
            moved, gone = self._releases.popleft()
            self._free.append((moved + self._stopped + 1, gone))
