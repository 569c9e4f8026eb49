"""Kinds of layers: what their facts make of a map, and facts that are refused."""

import pytest

from sw.design.kinds import KINDS, Kind
from tests.helpers.bundles import OTHER_KINDS, other_layer


@pytest.mark.parametrize(
    ("name", "stride", "outputs", "weights"),
    [
        ("5x5", 1, (4, 7, 9), (4, 3, 5, 5)),
        ("5x5", 2, (4, 4, 5), (4, 3, 5, 5)),
        ("depthwise 7x7", 2, (3, 4, 5), (3, 1, 7, 7)),
        ("1x5", 2, (4, 4, 5), (4, 3, 1, 5)),
        ("5x1", 1, (4, 7, 9), (4, 3, 5, 1)),
        ("4x3 with little padding", 1, (4, 6, 7), (4, 3, 4, 3)),
        ("maximum of 3x2", 2, (3, 3, 4), (3, 1, 3, 2)),
    ],
)
def test_shapes_follow_from_the_facts(monkeypatch, name, stride, outputs, weights):
    layer = other_layer(monkeypatch, name, out_channels=4, stride=stride)
    assert layer.output_shape((3, 7, 9)) == outputs
    assert layer.weight_shape(3) == weights


def test_a_name_is_known_to_designs_as_it_is_declared():
    assert not set(KINDS) & set(OTHER_KINDS)
    assert list(KINDS) == ["conv3x3", "depthwise3x3", "pointwise1x1", "maxpool2x2"]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"kernel": (4, 3), "padding": (2, 1)}, "padding must be below half of kernel"),
        ({"kernel": (1, 1), "padding": (0, 1)}, "padding must be below half of kernel"),
        ({"kernel": (3, 3), "padding": (1, 0), "has_weights": False}, "without weights has no padding"),
    ],
)
def test_facts_that_do_not_serve_are_refused(facts, message):
    with pytest.raises(ValueError, match=message):
        Kind(**facts)
