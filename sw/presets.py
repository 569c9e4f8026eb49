"""Named designs, one per known data set: where training starts unless other sizes are asked for."""

from sw.design import DesignPoint
from sw.layer import Layer

__all__ = ["PRESETS"]

PRESETS: dict[str, DesignPoint] = {
    "digits": DesignPoint(
        name="digits",
        height=8,
        width=8,
        classes=10,
        layers=(
            Layer(kind="conv3x3", out_channels=12, weight_bits=2, activation_bits=3),
            Layer(kind="conv3x3", out_channels=24, stride=2, weight_bits=2, activation_bits=3),
            Layer(kind="conv3x3", out_channels=16, weight_bits=2),
        ),
        thresholds_per_feature=2,
        rows=128,
    ),
    "mnist": DesignPoint(
        name="mnist",
        height=28,
        width=28,
        classes=10,
        layers=(
            Layer(kind="conv3x3", out_channels=8, stride=2, weight_bits=4, activation_bits=4),
            Layer(kind="conv3x3", out_channels=16, stride=2, weight_bits=2, activation_bits=4),
            Layer(kind="conv3x3", out_channels=16, weight_bits=2),
        ),
        thresholds_per_feature=3,
        rows=96,
        row_lanes=24,
        col_lanes=2,
    ),
    "cifar10-grey": DesignPoint(
        name="cifar10-grey",
        height=32,
        width=32,
        classes=10,
        layers=(
            Layer(kind="conv3x3", out_channels=16, stride=2, weight_bits=4, activation_bits=4),
            Layer(kind="conv3x3", out_channels=32, stride=2, weight_bits=2, activation_bits=4),
            Layer(kind="conv3x3", out_channels=32, weight_bits=2, activation_bits=4),
            Layer(kind="conv3x3", out_channels=16, weight_bits=2),
        ),
        thresholds_per_feature=3,
        templates_per_class=3,
        rows=96,
        row_lanes=24,
        col_lanes=4,
    ),
}
