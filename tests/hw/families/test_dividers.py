import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.boards import known as boards
from hw.families.ecp5 import ECP5_PFD_MHZ, ECP5_VCO_MHZ, ecp5_dividers
from hw.families.gowin import (
    GOWIN_DIVIDER_MAX,
    GOWIN_ODIVS,
    GOWIN_OUTPUT_MHZ,
    GOWIN_PFD_MHZ,
    GOWIN_VCO_MHZ,
    gowin_dividers,
)
from hw.families.ice40 import ICE40_PFD_MHZ, ICE40_VCO_MHZ, ice40_dividers
from sw.errors import EngramError


@pytest.mark.parametrize(
    ("output_mhz", "expected"),
    [(24, (0, 63, 5, 1)), (30, (0, 79, 5, 1)), (36, (0, 47, 4, 1)), (48, (0, 63, 4, 1))],
)
def test_ice40_dividers_are_those_of_icepll_from_12_mhz(output_mhz, expected):
    assert ice40_dividers(12, output_mhz) == expected


@pytest.mark.parametrize(
    ("output_mhz", "expected"), [(50, (1, 24, 12)), (75, (1, 24, 8)), (80, (1, 16, 5)), (87.5, (1, 21, 6))]
)
def test_ecp5_dividers_from_25_mhz(output_mhz, expected):
    assert ecp5_dividers(25, output_mhz) == expected


@pytest.mark.parametrize(
    ("output_mhz", "expected"),
    [(54, (1, 2, 16)), (36, (3, 4, 16)), (48, (9, 16, 16)), (27, (1, 1, 32))],
)
def test_gowin_dividers_from_27_mhz(output_mhz, expected):
    assert gowin_dividers(27, output_mhz) == expected


@pytest.mark.parametrize("name", [*boards.names(), "tang_nano_9k", "tang_primer_20k"])
def test_every_board_gets_exactly_its_clock(name):
    board = boards.load(name)
    check = {"ice40": _check_ice40, "ecp5": _check_ecp5, "gowin": _check_gowin}[board.family]
    check(board.clock.mhz, board.clock.core_mhz)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.sampled_from([10, 12, 16, 25, 48, 100]), st.integers(8, 300))
def test_dividers_are_exact_and_legal_or_refused(input_mhz, output_mhz):
    for check, family in ((_check_ice40, "iCE40"), (_check_ecp5, "ECP5"), (_check_gowin, "Gowin")):
        try:
            check(input_mhz, output_mhz)
        except EngramError as error:
            assert f"no {family} PLL setting makes exactly {output_mhz} MHz" in str(error)


@pytest.mark.parametrize("dividers", [ice40_dividers, ecp5_dividers])
def test_frequency_out_of_reach_is_refused(dividers):
    with pytest.raises(EngramError, match=r"makes exactly 33.3 MHz from 12 MHz; .*; choose another clock"):
        dividers(12, 33.3)


@pytest.mark.parametrize(
    ("dividers", "input_mhz", "output_mhz", "nearest"),
    [
        (ice40_dividers, 27, 25, "24.890625 MHz and 25.3125 MHz;"),
        (ice40_dividers, 12, 30.000001, "30 MHz and 30.375 MHz;"),
        (ice40_dividers, 12, 13, "makes: 16.125 MHz;"),
        (ice40_dividers, 12, 300, "makes: 270 MHz;"),
        (ecp5_dividers, 25, 0.5, "makes: 3.125 MHz;"),
        (ecp5_dividers, 12, 33.3, "33 MHz and 33.6 MHz;"),
        (gowin_dividers, 27, 2, "makes: 4.5 MHz;"),
    ],
)
def test_the_refusal_names_the_nearest_frequencies(dividers, input_mhz, output_mhz, nearest):
    with pytest.raises(EngramError, match=re.escape(nearest)) as refusal:
        dividers(input_mhz, output_mhz)
    named = re.findall(r"([0-9.]+) MHz(?: and|;)", str(refusal.value).partition("makes: ")[2])
    assert all(dividers(input_mhz, float(mhz)) for mhz in named) and named


@pytest.mark.parametrize("dividers", [ice40_dividers, ecp5_dividers])
def test_oscillator_that_is_too_slow_for_the_pll_is_named(dividers):
    with pytest.raises(
        EngramError, match=r"from 5 MHz; its phase detector needs 10 to \d+ MHz; .* oscillator"
    ):
        dividers(5, 24)


def _check_ice40(input_mhz, output_mhz):
    divr, divf, divq, filter_range = ice40_dividers(input_mhz, output_mhz)
    detector = Fraction(input_mhz) / (divr + 1)
    vco = detector * (divf + 1)
    assert vco / 2**divq == output_mhz
    assert ICE40_PFD_MHZ[0] <= detector <= ICE40_PFD_MHZ[1]
    assert ICE40_VCO_MHZ[0] <= vco <= ICE40_VCO_MHZ[1]
    assert 0 <= divr < 16 and 0 <= divf < 128 and 1 <= divq <= 6 and 1 <= filter_range <= 6


def _check_ecp5(input_mhz, output_mhz):
    clki, clkop, clkos = ecp5_dividers(input_mhz, output_mhz)
    detector = Fraction(input_mhz) / clki
    vco = detector * clkop
    assert vco / clkos == output_mhz
    assert ECP5_PFD_MHZ[0] <= detector <= ECP5_PFD_MHZ[1]
    assert ECP5_VCO_MHZ[0] <= vco <= ECP5_VCO_MHZ[1]
    assert all(1 <= divider <= 128 for divider in (clki, clkop, clkos))


def _check_gowin(input_mhz, output_mhz):
    idiv, fbdiv, odiv = gowin_dividers(input_mhz, output_mhz)
    detector = Fraction(input_mhz) / idiv
    assert detector * fbdiv == output_mhz
    assert GOWIN_PFD_MHZ[0] <= detector <= GOWIN_PFD_MHZ[1]
    assert GOWIN_OUTPUT_MHZ[0] <= output_mhz <= GOWIN_OUTPUT_MHZ[1]
    assert GOWIN_VCO_MHZ[0] <= output_mhz * odiv <= GOWIN_VCO_MHZ[1]
    assert 1 <= idiv <= GOWIN_DIVIDER_MAX and 1 <= fbdiv <= GOWIN_DIVIDER_MAX and odiv in GOWIN_ODIVS
