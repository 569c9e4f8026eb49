"""Axes: named, or known because there is one reading; else refused in one line."""

import re

import numpy as np
import pytest

from sw.data.axes import arranged, axes_of
from sw.errors import EngramError

COLOUR = np.random.default_rng(0).integers(0, 256, (2, 6, 5, 3)).astype(np.uint8)
GREY = COLOUR[..., 0]
SIGNAL = COLOUR[:, 0]
"""Two signals of 5 samples in 3 channels."""


@pytest.mark.parametrize(
    ("images", "axes", "want"),
    [
        (GREY, None, GREY),
        (GREY, "NHW", GREY),
        (COLOUR, None, COLOUR),
        (COLOUR, "NHWC", COLOUR),
        (np.moveaxis(COLOUR, -1, 1), None, COLOUR),
        (np.moveaxis(COLOUR, -1, 1), "NCHW", COLOUR),
        (GREY[..., None], None, GREY),
        (GREY[:, None], None, GREY),
        (GREY[:, None], "NCHW", GREY),
        (COLOUR, "NCHW", np.moveaxis(COLOUR, 1, -1)),
        (SIGNAL[..., 0], "NL", SIGNAL[:, None, :, 0]),
        (SIGNAL, "NLC", SIGNAL[:, None]),
        (np.moveaxis(SIGNAL, -1, 1), "NCL", SIGNAL[:, None]),
        (SIGNAL[..., :1], "NLC", SIGNAL[:, None, :, 0]),
    ],
)
def test_every_reading_gives_the_one_layout(images, axes, want):
    got = arranged(images, axes, "x_train", "own.npz")
    assert got.shape == want.shape and np.array_equal(got, want)


@pytest.mark.parametrize(
    ("images", "axes", "message"),
    [
        (
            np.zeros((9, 4, 5, 4)),
            None,
            "x_test must say which axis has the channels, shape (9, 4, 5, 4) does not; save it with the "
            "file: ",
        ),
        (
            np.zeros((9, 8, 5, 9)),
            None,
            "x_test must say which axis has the channels, shape (9, 8, 5, 9) does",
        ),
        (
            np.zeros((9, 8)),
            "NHW",
            "x_test must have the axes NHW that the file names, got shape (9, 8); name",
        ),
        (
            np.zeros((9, 8), np.uint8),
            None,
            "x_test must be numbers of shape (N, height, width) or (N, height, width, channels), got uint8 "
            "of "
            "shape (9, 8); images lie as rows: take x_test.reshape(-1, height, width), or for signals of one "
            "channel save axes='NL' with them",
        ),
        (
            np.array(["a.png"]),
            None,
            "x_test must be numbers of shape (N, height, width) or (N, height, width",
        ),
        (np.zeros((9, 8, 5), complex), "NHW", "x_test must be numbers of shape"),
    ],
)
def test_what_can_be_read_in_several_ways_or_none_is_refused(images, axes, message):
    with pytest.raises(EngramError, match=re.escape(f"own.npz: {message}")):
        arranged(images, axes, "x_test", "own.npz")


def test_axes_are_a_text_of_known_ones():
    assert axes_of(np.array("NCHW"), "own.npz") == "NCHW"
    for wrong, came in ((np.array("HWC"), "'HWC'"), (np.arange(3), "int64 of shape (3,)")):
        with pytest.raises(EngramError) as refusal:
            axes_of(wrong, "own.npz")
        assert str(refusal.value) == (
            f"own.npz: axes must be one of NHW, NHWC, NCHW, NL, NLC, NCL, got {came}; name them so"
        )
