"""Work of the front end that is generated, as a technology prices it, and the sizes that take the least.

Products with a weight of 0 are formed too where lanes share an entry, but a multiplier with a constant 0 at
one side hardly moves: multiplied is what has another weight, added is everything. Registers are those of the
pipeline, clocked in every cycle of an image, idle ones included; half of their bits change with a step, which
is assumed. Counters of the sequencers and clock trees are left out.
"""

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING

from sw.bundle import Bundle
from sw.energy.digital import DigitalWork, parts_nj
from sw.energy.technologies.technology import Technology
from sw.reference.frontend import MULTIPLIER_BITS

if TYPE_CHECKING:
    from hw.frontend.schedule import LayerSchedule
    from hw.frontend.use import UnitUse
    from hw.frontend.variant import Sizes

__all__ = ["cheapest_front_end", "front_end_work", "sizes_to_choose_from"]

INPUT_LANES = (1, 2, 4, 8, 16)
OUTPUT_LANES = (1, 2, 4, 8, 16, 32)
MEMORIES = {
    "window": "activation_memory",
    "queue": "activation_memory",
    "pixels": "activation_memory",
    "maps": "activation_memory",
    "schedule": "weight_memory",
    "thresholds": "activations",
    "transfer": "activations",
}
"""Part of the energy that a memory belongs to, by its kind."""


def front_end_work(bundle: Bundle, sizes: "Sizes") -> dict[str, DigitalWork]:
    """Work of one image by part, under the names of :data:`sw.energy.accounting.FRONTEND_PARTS`.

    Parameters
    ----------
    bundle, sizes
        The front end; the streaming one of no layers does nothing.

    Raises
    ------
    ValueError
        If the sizes do not fit the layers.
    """
    from hw.frontend.folded.fold import Fold
    from hw.frontend.streaming.frontend import schedules_of
    from hw.frontend.variant import Folded, plan_front_end

    uses = plan_front_end(bundle, sizes).uses()
    steps = [use.steps for use in uses]
    if isinstance(sizes, Folded):
        fold = Fold(bundle, sizes.size)
        schedules, cycles = fold.schedules, fold.cycles()
        # One engine: the registers of the layer that uses most of them are clocked all the time.
        clocked = [(max(map(_register_bits, schedules, uses)), sum(steps))]
    else:
        schedules = schedules_of(bundle, sizes)
        values = bundle.design.image_size.values
        cycles = max([values, *(schedule.cycles for schedule in schedules)])
        clocked = list(zip(map(_register_bits, schedules, uses), steps, strict=True))
    parts = {
        "macs": DigitalWork(),
        "weight_memory": DigitalWork(),
        "activation_memory": DigitalWork(),
        "activations": DigitalWork(),
        "frontend_controller": DigitalWork(),
    }
    for schedule, use in zip(schedules, uses, strict=True):
        for part, work in _of_layer(schedule, use):
            parts[part] += work
    for bits, moved in clocked:
        parts["frontend_controller"] += DigitalWork.registers(bits, cycles, bits * moved // 2)
    return parts


def cheapest_front_end(bundle: Bundle, technology: Technology) -> "tuple[Sizes, dict[str, DigitalWork]]":
    """The sizes, streaming or folded, that take the least energy in a technology, and their work."""
    found = [(sizes, front_end_work(bundle, sizes)) for sizes in sizes_to_choose_from(bundle)]
    return min(found, key=lambda pair: sum(parts_nj(pair[1], technology).values()))


def sizes_to_choose_from(bundle: Bundle) -> "Iterator[Sizes]":
    """Streaming units of equal lanes, the first of at most a pixel's values, and engines; a searcher each."""
    from hw.frontend.schedule import Parallelism
    from hw.frontend.variant import Folded

    layers = bundle.design.layers
    if not layers:
        yield ()
        return
    # A max-pool hands on as many values as it takes, which must divide the lanes behind it.
    most = bundle.design.channels if layers[0].has_weights else 1
    for outputs in OUTPUT_LANES:
        for inputs in INPUT_LANES:
            yield tuple(
                Parallelism(min(inputs, most) if number == 0 else inputs, outputs if layer.has_weights else 1)
                for number, layer in enumerate(layers)
            )
            if any(layer.has_weights for layer in layers):
                yield Folded(Parallelism(inputs, outputs))


def _of_layer(schedule: "LayerSchedule", use: "UnitUse") -> Iterator[tuple[str, DigitalWork]]:
    weighted = _nonzero_products(schedule)
    multiplied = weighted * use.weight_bits * use.value_bits
    yield "macs", DigitalWork(multiplied=multiplied, added=use.products * use.sum_bits)
    compared = DigitalWork.comparisons(use.searched, use.threshold_bits)
    compared += DigitalWork.comparisons(use.maxima, use.value_bits)
    yield (
        "activations",
        compared
        + DigitalWork.macs(use.requantised, MULTIPLIER_BITS, use.sum_bits, MULTIPLIER_BITS + use.sum_bits),
    )
    for each in use.memories:
        kind = next(part for part in each.memory.name.split(".") if part in MEMORIES)
        moved = (each.reads + each.writes) * each.memory.width
        capacity = each.memory.depth * each.memory.width
        yield MEMORIES[kind], DigitalWork.memory(capacity, moved)


def _nonzero_products(schedule: "LayerSchedule") -> int:
    """Products of an image whose weight is not 0, those with padding included."""
    if not schedule.layer.has_weights:
        return 0
    pixels = schedule.shape.outputs[1] * schedule.shape.outputs[2]
    return int((schedule.weight != 0).sum()) * pixels


def _register_bits(schedule: "LayerSchedule", use: "UnitUse") -> int:
    """Bits of the pipeline registers: words, weights twice, products, adder trees, accumulators, results."""
    from hw.arith import FAN_IN

    lanes = schedule.parallelism
    words = lanes.taps * lanes.input_lanes * use.value_bits
    if not schedule.layer.has_weights:
        return words + 2 * lanes.input_lanes * use.value_bits
    terms = lanes.taps * lanes.input_lanes
    weights = 2 * terms * lanes.output_lanes * use.weight_bits
    products = terms * lanes.output_lanes * (use.weight_bits + use.value_bits)
    nodes, level = 0, terms
    while True:
        level = ceil(level / FAN_IN)
        nodes += level
        if level == 1:
            break
    sums = (nodes + 2) * lanes.output_lanes * use.sum_bits
    return words + weights + products + sums
