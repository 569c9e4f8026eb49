"""``--noise-aware``: what options of the array mean in training, and which do not fit."""

import pytest

from sw.commands.options.array import chosen_array
from sw.commands.options.noise import chips_of_training
from sw.errors import EngramError


def chips(asked=True, learned=True, **given):
    return chips_of_training(asked, chosen_array(**given), given, learned)


def test_without_options_there_are_no_chips_or_default_ones():
    assert chips(asked=False) is None
    assert chips() == chosen_array()


def test_options_given_are_taken():
    array = chips(read_time="1d", adc_bits=6, noise=True)
    assert (array.conditions.read_time_seconds, array.conditions.adc.bits) == (86_400, 6)
    assert array.conditions.read_noise


REFUSALS = {
    "not asked for": (
        {"asked": False, "p_stuck_hrs": 0.01},
        "--p-stuck-hrs is about the chips of --noise-aware training, which was not asked for; "
        "add --noise-aware, or leave it to 'engram evaluate' and 'engram program'",
    ),
    "made afterwards": (
        {"learned": False},
        "--noise-aware needs --templates learned: others are made after training",
    ),
    "range of a trained bundle": (
        {"full_scale": "auto"},
        "--full-scale auto needs a trained bundle; use nominal with --noise-aware",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_does_not_fit_is_refused(case):
    options, message = REFUSALS[case]
    with pytest.raises(EngramError) as refusal:
        chips(**options)
    assert str(refusal.value) == message
