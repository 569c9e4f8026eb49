"""Designs that whole images are sent through."""

from hw.frontend.schedule import Parallelism
from hw.frontend.variant import Folded
from sw.design import DesignPoint, Layer

P = Parallelism

NO_LAYERS = DesignPoint(
    name="pixels", height=3, width=5, classes=3, thresholds_per_feature=2, rows=8, row_lanes=4, cell_bits=2
)

CNN = DesignPoint(
    name="cnn",
    height=8,
    width=6,
    classes=3,
    templates_per_class=2,
    layers=(
        Layer(kind="conv3x3", out_channels=4, stride=2, activation_bits=3),
        Layer(kind="pointwise1x1", out_channels=6),
    ),
    rows=20,
    cols=4,
    cols_per_adc=3,
    cell_bits=4,
    adc_bits=6,
    row_lanes=8,
    col_lanes=2,
)

THERMOMETER = CNN.with_(thresholds_per_feature=2)

WINDOWS = CNN.with_(cell="window", thresholds_per_feature=3, match_code=3, mismatch_code=1)

FOUR_BIT_WINDOWS = CNN.with_(cell="window", thresholds_per_feature=15, rows=13, row_lanes=5, adc_bits=None)

COLOUR = CNN.with_(channels=3)

SIGNAL = CNN.with_(height=1, width=14, channels=5)

KERNELS = CNN.with_(
    channels=2,
    layers=(
        Layer(kind="conv5x5", out_channels=4, stride=2, groups=2, activation_bits=3),
        Layer(kind="maxpool3x3", padding="same"),
        Layer(kind="avgpool1x2", activation_bits=3),
        Layer(kind="conv4x1", out_channels=6, padding=(2, 0, 0, 0)),
    ),
)

CASES = {
    "pixels_are_the_features": (NO_LAYERS, ()),
    "serial": (CNN, (P(), P())),
    "folded": (CNN, Folded(P(2, 4, 2, 2))),
    "parallel": (CNN, (P(1, 4, 3, 2), P(2, 8, 2))),
    "two_thresholds_at_once": (THERMOMETER, (P(1, 4, 3, 2), P(2, 8, 2))),
    "colour_is_the_features": (NO_LAYERS.with_(channels=2), ()),
    "colour_serial": (COLOUR, (P(), P())),
    "colour_parallel": (COLOUR, (P(3, 4, 2, 2), P(2, 8))),
    "colour_folded": (COLOUR, Folded(P(2, 4, 2, 2))),
    "signal": (SIGNAL, (P(2, 4, 1, 2), P(4, 8))),
    "signal_folded": (SIGNAL, Folded(P(8, 4, 1, 4))),
    "kernels": (KERNELS, (P(2, 4, 2, 2), P(2), P(2, 2, 1, 2), P(4, 8))),
    "kernels_folded": (KERNELS, Folded(P(4, 2, 3, 2))),
    "windows": (WINDOWS, (P(1, 4, 3, 2), P(2, 8, 2))),
    "five_thresholds_at_once": (FOUR_BIT_WINDOWS, (P(1, 4, 3, 2), P(2, 8, 2))),
}
