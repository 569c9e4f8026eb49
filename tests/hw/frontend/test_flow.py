"""Flow of folded front ends against the closed form by which sizes are compared."""

from math import prod

import pytest

from hw.frontend.flow import folded_offers
from hw.frontend.folded.fold import Fold
from hw.frontend.schedule import Parallelism
from sw.design import DesignPoint, Layer
from tests.helpers.bundles import random_bundle

IMAGES = 5
CONV = Layer(kind="conv3x3", out_channels=4, stride=2, activation_bits=3)
POINT = Layer(kind="pointwise1x1", out_channels=3)
POOL = Layer(kind="maxpool2x2", stride=2)


@pytest.mark.parametrize(
    "layers", [(CONV, POINT), (CONV, POINT, POOL), (POINT,)], ids=["conv", "pool", "one"]
)
@pytest.mark.parametrize("size", [Parallelism(), Parallelism(2, 4), Parallelism(4, 2)], ids=str)
@pytest.mark.parametrize("channels", [1, 3, 6])
def test_the_closed_form_is_exact_and_where_values_are_taken_slowly_a_little_too_long(layers, size, channels):
    sizes = {"height": 9, "width": 7, "channels": channels}
    point = DesignPoint(name="folded", classes=3, layers=layers, **sizes)
    fold = Fold(random_bundle(point, 1), size)
    assert interval(fold, 1) == fold.cycles(1)
    for value_cycles in (2, 9):
        exact = interval(fold, value_cycles)
        assert exact <= fold.cycles(value_cycles) <= 1.2 * exact


def interval(fold: Fold, value_cycles: int) -> int:
    """Cycles between images when a value is taken every `value_cycles` at most."""
    values = folded_offers(fold)
    offered, taken, ends = next(values), -1, []
    for _ in range(IMAGES):
        for _ in range(prod(fold.bundle.design.feature_map_shape)):
            taken = max(offered, taken + value_cycles)
            offered = values.send(taken)
        ends.append(taken)
    return ends[-1] - ends[-2]
