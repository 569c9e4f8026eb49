"""Cycles of whole images against the RTL, also where the array holds the front end up."""

from math import prod
from pathlib import Path

import pytest

from hw.frontend.schedule import Parallelism
from hw.frontend.variant import Folded, plan_front_end
from hw.quantiser.quantiser import cycles_per_value
from hw.sizing.array_timing import accelerator_timing
from hw.sizing.image_timing import image_timing
from sim.images import image_program, verify_images
from sw.bundle import Bundle
from sw.design import DesignPoint, Layer
from sw.reference import pipeline
from tests.helpers.bundles import random_bundle, random_images, residual_design

pytestmark = pytest.mark.usefixtures("models")
P = Parallelism
IMAGES = 20
CONV = Layer(kind="conv3x3", out_channels=4, stride=2, activation_bits=3)
POINT = Layer(kind="pointwise1x1", out_channels=3)
POOL = Layer(kind="maxpool2x2", stride=2)
WIDE = Layer(kind="conv3x3", out_channels=5, weight_bits=8, activation_bits=8)
BLOCKS = residual_design().layers
IN_TWOS = (P(1, 2, 2, 2), P(2, 2, 2), P(2, 2, 2, 2), P(2, 2), *(P(2, 2, 2, 2),) * 4, P(2))
DEPTH = Layer(kind="depthwise3x3", weight_bits=3, activation_bits=2)


def design(height: int, width: int, *layers: Layer, **sizes: object) -> DesignPoint:
    return DesignPoint(name="timed", height=height, width=width, classes=3, layers=layers, **sizes)


SLOW = {"templates_per_class": 8, "rows": 48, "row_lanes": 4, "adc_bits": 6, "cell_bits": 4}
WINDOW = {"cell": "window", "thresholds_per_feature": 7, "rows": 30, "row_lanes": 3}
CASES = {
    "slow array": (
        design(13, 12, CONV, POINT, **SLOW | {"templates_per_class": 3, "rows": 96}),
        (P(1, 4, 1, 2), P(2, 2)),
        True,
    ),
    "wide activations": (
        design(9, 10, WIDE, DEPTH, POOL, POINT, **SLOW | {"rows": 24}),
        (P(1, 4, 2, 2), P(2, 4, 1, 1), P(2), P(2, 2, 2)),
        False,
    ),
    "window cells with read noise": (
        design(8, 7, POOL, WIDE, POINT, **SLOW | WINDOW),
        (P(1), P(1, 2), P(1, 4)),
        True,
    ),
    "folded": (design(11, 9, CONV, DEPTH, POINT, **SLOW | {"rows": 12}), Folded(P(2, 4, 1, 2)), True),
    "folded up to a max-pool": (design(10, 8, CONV, POINT, POOL, **SLOW), Folded(P(4, 2)), False),
    "colour": (
        design(9, 8, CONV, POOL, POINT, **SLOW | {"channels": 3, "rows": 12}),
        (P(3, 4, 2, 2), P(2), P(2, 2)),
        False,
    ),
    "colour folded": (design(11, 9, CONV, DEPTH, POINT, channels=3, **SLOW), Folded(P(2, 4, 1, 2)), False),
    "signal folded": (design(1, 40, CONV, POINT, channels=9, **SLOW), Folded(P(16, 4, 3, 4)), False),
    "residuals": (design(9, 8, *BLOCKS, **SLOW | {"templates_per_class": 1}), IN_TWOS, False),
    "residuals ahead of a slow array": (
        design(8, 7, *BLOCKS, **SLOW | {"templates_per_class": 32}),
        IN_TWOS,
        False,
    ),
    "residuals folded": (design(9, 8, *BLOCKS, **SLOW | {"rows": 12}), Folded(P(2, 2, 2, 1)), True),
    "no layer": (design(6, 9, **SLOW | {"templates_per_class": 3}), (), True),
}  # fmt: skip


@pytest.mark.parametrize(("point", "sizes", "held_up"), CASES.values(), ids=CASES)
def test_latency_and_interval_are_those_of_the_rtl(
    models: Path, point: DesignPoint, sizes: tuple[P, ...] | Folded, held_up: bool
) -> None:
    window = point.cell == "window"
    bundle = random_bundle(point, 1, codes="random", noise=window, inl=window)
    images = random_images(point, IMAGES, 2)
    program = image_program(bundle, sizes, brief=True)
    report = verify_images(program, bundle, images, pipeline.levels_of(bundle, images))
    assert (report.first, report.wrong.any()) == (None, False)
    assert image_timing(bundle, sizes) == (report.latency, report.interval)
    assert (report.interval > max(alone(bundle, sizes), accelerator_timing(bundle).interval)) == held_up


def alone(bundle: Bundle, sizes: tuple[P, ...] | Folded) -> int:
    """Cycles per image of front end and quantiser, with no array behind them that holds them up."""
    values = plan_front_end(bundle, sizes).offers()
    each, offered, taken, ends = cycles_per_value(bundle.design), next(values), -1, []
    for _ in range(8):
        for _ in range(prod(bundle.design.feature_map_shape)):
            taken = max(offered, taken + each)
            offered = values.send(taken)
        ends.append(taken)
    return ends[-1] - ends[-2]
