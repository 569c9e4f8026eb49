import re

import pytest

from hw.boards import known as boards
from hw.fpga.clock import clocked, made_baud, uart_divisor
from sw.errors import EngramError


@pytest.mark.parametrize(
    ("clock_mhz", "baud", "divisor"), [(24, 1_000_000, 24), (50, 1_000_000, 50), (50, 115_200, 434)]
)
def test_uart_divisor_is_the_nearest(clock_mhz, baud, divisor):
    assert uart_divisor(clock_mhz, baud) == divisor


@pytest.mark.parametrize(
    ("clock_mhz", "baud", "advice"),
    [(24, 12_000_000, "6000000"), (24, 5_300_000, "4800000 or 6000000"), (36, 60_000_000, "9000000")],
    ids=["below 4 cycles", "off by 5 %", "faster than the clock"],
)
def test_baud_that_the_clock_cannot_make_is_refused(clock_mhz, baud, advice):
    message = rf"--baud must be within 2 % .* {clock_mhz} MHz clock, got {baud}; give {advice}, or 115200$"
    with pytest.raises(EngramError, match=message):
        uart_divisor(clock_mhz, baud)


def test_speed_that_the_clock_makes():
    assert made_baud(36, 1_000_000) == 1_000_000
    assert made_baud(36, 115_200) == pytest.approx(115_385, abs=1)


def test_another_clock_replaces_the_boards_own():
    board = boards.load("ulx3s-85f")
    assert clocked(board, None) is board
    assert clocked(board, 40).clock == board.clock.model_copy(update={"core_mhz": 40})


def test_the_oscillators_own_clock_takes_no_pll():
    board = clocked(boards.load("icebreaker"), 12)

    assert (board.clock.core_mhz, board.clock.pll) == (12, None)
    assert clocked(board, 36) == boards.load("icebreaker")


@pytest.mark.parametrize(
    ("name", "core_mhz", "message"),
    [
        ("icebreaker", 60, "--clock-mhz 60: clock.core_mhz must be at most 50 with flash"),
        ("ulx3s-85f", 0.5, "no ECP5 PLL setting makes exactly 0.5 MHz from 25 MHz"),
        (
            "ulx3s-85f",
            float("nan"),
            "--clock-mhz nan: clock.core_mhz: Input should be a finite number, got nan",
        ),
        ("ulx3s-85f", -1, "--clock-mhz -1: clock.core_mhz: Input should be greater than 0"),
    ],
)
def test_clock_that_a_board_cannot_have_is_refused(name, core_mhz, message):
    with pytest.raises(EngramError, match=re.escape(message)):
        clocked(boards.load(name), core_mhz)
