import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints import boards
from hw.families.ecp5 import ECP5_PFD_MHZ, ECP5_VCO_MHZ, ecp5_dividers
from hw.families.ice40 import ICE40_PFD_MHZ, ICE40_VCO_MHZ, ice40_dividers
from hw.fpga.clock import clocked, uart_divisor
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


@pytest.mark.parametrize("name", boards.names())
def test_every_board_gets_exactly_its_clock(name):
    board = boards.load(name)
    check = _check_ice40 if board.family == "ice40" else _check_ecp5
    check(board.clock.mhz, board.clock.core_mhz)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.sampled_from([10, 12, 16, 25, 48, 100]), st.integers(8, 300))
def test_dividers_are_exact_and_legal_or_refused(input_mhz, output_mhz):
    for check, family in ((_check_ice40, "iCE40"), (_check_ecp5, "ECP5")):
        try:
            check(input_mhz, output_mhz)
        except EngramError as error:
            assert f"no {family} PLL setting makes exactly {output_mhz} MHz" in str(error)


@pytest.mark.parametrize("dividers", [ice40_dividers, ecp5_dividers])
def test_frequency_out_of_reach_is_refused(dividers):
    with pytest.raises(EngramError, match=r"makes exactly 33.3 MHz from 12 MHz; choose another clock"):
        dividers(12, 33.3)


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


@pytest.mark.parametrize(
    ("clock_mhz", "baud", "divisor"), [(24, 1_000_000, 24), (50, 1_000_000, 50), (50, 115_200, 434)]
)
def test_uart_divisor_is_the_nearest(clock_mhz, baud, divisor):
    assert uart_divisor(clock_mhz, baud) == divisor


@pytest.mark.parametrize(
    ("clock_mhz", "baud"), [(24, 12_000_000), (24, 5_300_000)], ids=["below 4 cycles", "off by 5 %"]
)
def test_baud_that_the_clock_cannot_make_is_refused(clock_mhz, baud):
    with pytest.raises(EngramError, match=rf"--baud must be within 2 % .* 24 MHz clock, got {baud}"):
        uart_divisor(clock_mhz, baud)


def test_another_clock_replaces_the_boards_own():
    board = boards.load("ulx3s-85f")
    assert clocked(board, None) is board
    assert clocked(board, 40).clock == board.clock.model_copy(update={"core_mhz": 40})


@pytest.mark.parametrize(
    ("name", "core_mhz", "message"),
    [
        ("icebreaker", 60, "--clock-mhz 60: clock.core_mhz must be at most 50 with flash"),
        ("ulx3s-85f", 0.5, "no ECP5 PLL setting makes exactly 0.5 MHz from 25 MHz"),
        ("ulx3s-85f", -1, "--clock-mhz -1: clock.core_mhz: Input should be greater than 0"),
    ],
)
def test_clock_that_a_board_cannot_have_is_refused(name, core_mhz, message):
    with pytest.raises(EngramError, match=re.escape(message)):
        clocked(boards.load(name), core_mhz)
