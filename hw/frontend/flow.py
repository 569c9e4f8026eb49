"""Flow: when a front end delivers its values, by its handshakes, see :mod:`hw.events`."""

from collections import deque
from collections.abc import Callable, Iterator

from hw.arith import AdderTree
from hw.events import Offers, Pipeline, Wait, handed_on, offered_at_once
from hw.frontend.folded.fold import CHANGE_CYCLES, Fold
from hw.frontend.forks import ForkFlow, QueueFlow, paired
from hw.frontend.paths import Edge, queue_words
from hw.frontend.schedule import LayerSchedule
from hw.frontend.unit_memories import window_depth

__all__ = ["folded_offers", "streaming_offers"]

Finish = Callable[[int], Wait]
"""From the cycle in which the result of a group is valid to its last use, by way of its items."""

WINDOW_LATENCY = 3
"""Places from a step to the output of :class:`hw.frontend.streaming.window.Window`."""
RELEASE_LATENCY = 2
"""Places from the last step of a pixel to the release of the words behind it."""
REQUANTISE_LATENCY = 4
"""Cycles of :class:`hw.frontend.streaming.requantise.Requantise`."""


def streaming_offers(schedules: tuple[LayerSchedule, ...], edges: tuple[Edge, ...]) -> Offers:
    """Feature values of :class:`hw.frontend.streaming.frontend.FrontEnd`, whose pixels are never late, with
    the ways between its units."""
    if not schedules:
        return offered_at_once()
    ways: dict[tuple[int, int], Offers] = {}
    for number, schedule in enumerate(schedules):
        if number == 0:
            source = _pixels_in(schedule)
        elif schedule.layer.adds:
            source = paired(ways[number, 0], ways[number, 1], schedule.map_words)
        else:
            source = ways[number, 0]
        early = any(edge.taker == number and edge.shared and not edge.waits for edge in edges)
        source = _unit(schedule, source, early=early)
        given = [edge for edge in edges if edge.source == number]
        if given:
            ways |= _given(schedules, number, given, source)
    last = schedules[-1]
    return _regrouped(source, **_grouping(last, 1, last.shape.outputs[0]))


def _given(
    schedules: tuple[LayerSchedule, ...], number: int, edges: list[Edge], items: Offers
) -> dict[tuple[int, int], Offers]:
    """Words for every taker of a unit's items, by its number and port."""
    takers = [schedules[edge.taker] for edge in edges]
    grouping = {
        (edge.taker, edge.port): _grouping(schedules[number], taker.parallelism.input_lanes, taker.map_words)
        for edge, taker in zip(edges, takers, strict=True)
    }
    queues = {
        (edge.taker, edge.port): QueueFlow(
            **grouping[edge.taker, edge.port], depth=queue_words(edge.waits, taker.map_words)
        )
        for edge, taker in zip(edges, takers, strict=True)
        if edge.waits
    }
    direct = [way for way in grouping if way not in queues]
    if not queues:
        (way,) = direct
        return {way: _regrouped(items, **grouping[way])}
    fork = ForkFlow(items, list(queues.values()), asks=bool(direct))
    behind = {way: queue.offers(fork) for way, queue in queues.items()}
    return behind | {way: _regrouped(fork.offers(), **grouping[way]) for way in direct}


def _grouping(schedule: LayerSchedule, word_values: int, words: int) -> dict[str, int]:
    """Items of a unit's pixel, and how they make words."""
    return {
        "items": schedule.groups * (schedule.rounds if schedule.layer.has_weights else 1),
        "items_per_word": word_values // schedule.values_at_once,
        "words": words,
    }


def folded_offers(fold: Fold) -> Offers:
    """Feature values of :class:`hw.frontend.folded.frontend.FoldedFrontEnd`, whose pixels are never late."""
    last = fold.schedules[-1]
    values = fold.parallelism.output_lanes if last.layer.has_weights else fold.parallelism.input_lanes
    items = _folded_items(fold, values)
    return _regrouped(items, items=last.groups * values, items_per_word=1, words=last.shape.outputs[0])


def _folded_items(fold: Fold, values: int) -> Offers:
    """Values of the last layer, so many of a group; the layers before it cannot be held up."""
    last, before = fold.schedules[-1], fold.layer_cycles()[:-1]
    pixels = last.shape.outputs[1] * last.shape.outputs[2]
    images = _images_in(fold)
    restart = next(images)
    while True:
        pipeline, done = Pipeline(fold.latency_of(last), restart + sum(before)), -1
        for _ in range(pixels):
            for steps in last.steps:
                place = pipeline.enter(0, steps)
                done = yield from handed_on(pipeline.hold(place, done), values)
        ended = done + 1 + CHANGE_CYCLES
        through = restart + before[0] if before else ended
        restart = max(ended, images.send(through - 1))


def _images_in(fold: Fold) -> Offers:
    """When whole images are in :class:`hw.frontend.folded.maps.MapMemory`.

    Sent is the cycle from which it takes the next one.
    """
    words, free, taken = _pixels_in(fold.schedules[0]), 0, -1
    offered = next(words)
    while True:
        for _ in range(fold.image_words):
            taken = max(offered, taken + 1, free)
            offered = words.send(taken)
        free = yield taken + 1


def _pixels_in(schedule: LayerSchedule) -> Offers:
    """Words of pixels for the first layer, from values that are never late."""
    channels = schedule.shape.inputs[0]
    lanes, values = min(channels, schedule.parallelism.input_lanes), offered_at_once()
    if lanes == 1:
        return values
    return _regrouped(values, items=channels, items_per_word=lanes, words=schedule.input_words)


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


def _serialised(rounds: int) -> Finish:
    """Items of :class:`hw.frontend.streaming.activation.Serialiser`."""
    return lambda held: handed_on(held, rounds)


def _searched(rounds: int, bits: int) -> Finish:
    """Items of :class:`hw.frontend.streaming.activation.ThresholdSearch`."""
    taken = -1

    def finish(held: int) -> Wait:
        nonlocal taken
        found = held
        for _ in range(rounds):
            found = max(found + bits, taken)
            taken = yield found + 1
        return found

    return finish


def _requantised(rounds: int) -> Finish:
    """Items of :class:`hw.frontend.streaming.requantise.Requantise`."""
    pipeline = Pipeline(REQUANTISE_LATENCY)

    def finish(held: int) -> Wait:
        for _ in range(rounds):
            place = pipeline.enter(held + 1)
            yield from pipeline.leave(place)
        return pipeline.cycle(place)

    return finish


def _finish_of(schedule: LayerSchedule) -> Finish:
    layer = schedule.layer
    if not layer.has_weights:
        return _serialised(1)
    if layer.activation_bits is None:
        return _serialised(schedule.rounds)
    if layer.requantises:
        return _requantised(schedule.rounds)
    return _searched(schedule.rounds, schedule.search_bits)


def _pixels(schedule: LayerSchedule) -> Iterator[tuple[int, int]]:
    """For every output pixel, image after image: how many words must have come, and are released after it.

    As :class:`hw.frontend.streaming.window.Window` counts them, padding above the first image included in the
    latter.
    """
    walk = schedule.walk
    rows, columns = walk.rows, walk.columns
    first = -walk.ahead
    while True:
        for y in range(rows.outputs):
            for x in range(columns.outputs):
                needed = first + walk.needed(x, y)
                if x < columns.outputs - 1:
                    first += walk.step_x
                elif y < rows.outputs - 1:
                    first += walk.step_row
                else:
                    first += walk.step_image
                yield needed, first + walk.ahead


def _unit(schedule: LayerSchedule, source: Offers, *, early: bool) -> Offers:
    """Items of :class:`hw.frontend.streaming.layer.LayerUnit`, from input words.

    It asks for a word when it needs it, or `early`, as soon as it has the one before: no cycle depends on it,
    see :mod:`hw.frontend.forks`.

    A group that cannot be held yet stops every step, so window and arithmetic are one rigid pipeline.
    """
    lanes, finish = schedule.parallelism, _finish_of(schedule)
    latency = WINDOW_LATENCY
    if schedule.layer.has_weights:
        latency += 1 + AdderTree.latency(lanes.taps * lanes.input_lanes)
    pipeline, done = Pipeline(latency), -1
    room = window_depth(schedule) - schedule.walk.ahead
    words, released, taken = 0, 0, -1
    releases: deque[tuple[int, int]] = deque()  # cycles, and the words released until then
    asked: int | None = None
    for needed, gone in _pixels(schedule):
        while words < needed:
            if asked is None:
                asked = source.send(taken) if words else next(source)
            taken = max(taken + 1, asked)
            while words >= room + released:
                free, released = releases.popleft()
                taken = max(taken, free)
            words += 1
            asked = source.send(taken) if early else None
        for steps in schedule.steps:
            place = pipeline.enter(taken + 1, steps)
            done = yield from finish(pipeline.hold(place, done))
        releases.append((pipeline.cycle(place + RELEASE_LATENCY) + 1, gone))
