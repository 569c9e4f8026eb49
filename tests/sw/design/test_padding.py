"""Padding: each is kept in one way, and as nothing where a layer has it anyway."""

import pytest

from sw.design import Layer


@pytest.mark.parametrize(
    ("kind", "padding", "kept", "pads"),
    [
        ("conv3x3", "same", None, ((1, 1), (1, 1))),
        ("conv3x3", [1, 1, 1, 1], None, ((1, 1), (1, 1))),
        ("conv3x3", (0, 0, 0, 0), "valid", ((0, 0), (0, 0))),
        ("conv3x3", (0, 1, 1, 1), (0, 1, 1, 1), ((0, 1), (1, 1))),
        ("conv4x4", (1, 1, 2, 2), None, ((1, 2), (1, 2))),
        ("conv4x4", (1, 1, 1, 1), (1, 1, 1, 1), ((1, 1), (1, 1))),
        ("conv1x7", "same", None, ((0, 0), (3, 3))),
        ("pointwise1x1", "valid", None, ((0, 0), (0, 0))),
        ("maxpool3x3", "valid", None, ((0, 0), (0, 0))),
        ("maxpool3x3", (1, 1, 1, 1), "same", ((1, 1), (1, 1))),
    ],
)
def test_equal_paddings_are_equal_layers(kind, padding, kept, pads):
    channels = {} if kind.startswith("max") else {"out_channels": 2}
    layer = Layer(kind=kind, padding=padding, **channels)
    assert (layer.padding, layer.pads) == (kept, pads)
    assert layer == Layer.model_validate_json(layer.model_dump_json())


def test_layers_without_padding_and_groups_are_written_as_before_there_were_any():
    plain = Layer(kind="conv3x3", out_channels=4, padding="same", groups=1)
    written = ["kind", "out_channels", "stride", "weight_bits", "activation_bits"]
    assert list(plain.model_dump()) == written
    other = Layer(kind="conv3x3", out_channels=4, padding="valid", groups=2)
    assert other.model_dump() == plain.model_dump() | {"padding": "valid", "groups": 2}
