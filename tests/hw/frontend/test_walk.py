"""Walk: addresses and overhangs against a list of all the words under the kernel."""

from itertools import product

import pytest

from hw.frontend.walk import Walk
from sw.design.layer import LayerShape
from tests.helpers.bundles import WINDOWS, window_layer

WORDS = 3


SIZES = [(1, 9), (2, 3), (5, 6), (4, 3), (8, 7)]
CASES = [
    (name, size, stride)
    for name in WINDOWS
    for size in SIZES
    for stride in (1, 2, 3, 4)
    if min(window_layer(name, out_channels=4, stride=stride).output_shape((4, *size))) > 0
]
"""All but those whose kernel is larger than the map and its padding."""


@pytest.mark.parametrize(("name", "size", "stride"), CASES)
def test_every_tap_of_every_position(name, size, stride):
    layer = window_layer(name, out_channels=4, stride=stride)
    shape = LayerShape((4, *size), layer.output_shape((4, *size)), 4)
    outputs = shape.outputs[1:]
    walk = Walk.of(layer, shape, WORDS)
    axes = walk.rows, walk.columns
    first = -walk.ahead
    for y, x in product(range(outputs[0]), range(outputs[1])):
        tops = [
            position * stride - pads[0] + axis.first
            for position, pads, axis in zip((y, x), layer.pads, axes, strict=True)
        ]
        assert first == (tops[0] * size[1] + tops[1]) * WORDS
        for ky, kx in product(*(range(axis.kernel) for axis in axes)):
            last_word = ((tops[0] + ky) * size[1] + tops[1] + kx + 1) * WORDS
            assert first + walk.until(ky, kx) == last_word
        for axis, position, top in zip(axes, (y, x), tops, strict=True):
            check_axis(axis, position, top)
        if x < outputs[1] - 1:
            first += walk.step_x
        elif y < outputs[0] - 1:
            first += walk.step_row
    assert first + walk.step_image == size[0] * size[1] * WORDS - walk.ahead
    assert walk.span == walk.until(walk.rows.kernel - 1, walk.columns.kernel - 1)
    for axis, kernel, pads in zip(axes, layer.kernel, layer.pads, strict=True):
        tops = [position * stride - pads[0] for position in range(axis.outputs)]
        on_map = [tap for tap in range(kernel) if any(0 <= top + tap < axis.inputs for top in tops)]
        assert on_map == list(range(axis.first, axis.first + axis.kernel))


def check_axis(axis, position, top):
    """A tap is outside when its overhang is reached, as the positions and the last overhang say."""
    on_map = [0 <= top + tap < axis.inputs for tap in range(axis.kernel)]
    assert axis.last_tap(position) == max(tap for tap, inside in enumerate(on_map) if inside)
    for tap, inside in enumerate(on_map):
        before, behind = axis.overhangs_of(tap)
        outside = before > 0 and position <= axis.before(before)
        outside |= 0 < behind <= axis.overhang and position >= axis.behind(behind)
        assert outside != inside
