import pytest
from pydantic import ValidationError

from constraints.boards import Board, Limits

VALUES = {
    "name": "mine",
    "title": "Mine",
    "family": "ecp5",
    "device": "LFE5U-25F",
    "die": "25k",
    "package": "CABGA381",
    "speed": 6,
    "clock": {"pin": "G2", "mhz": 25, "core_mhz": 25},
    "uart": {"rx": "M1", "tx": "L4"},
    "io_type": "LVCMOS33",
    "limits": Limits(luts=1, ffs=1, block_rams=1, block_ram_kbit=18, sprams=0, dsps=0),
}


def test_a_board_without_leds_has_no_ports_for_them():
    board = Board.model_validate(VALUES)
    assert list(board.pins) == ["clk", "uart_rx", "uart_tx"]

    one = Board.model_validate({**VALUES, "leds": {"busy": "B2", "active_low": False}})
    assert one.pins == {**board.pins, "led_busy": "B2"}


def test_io_types_are_those_of_the_board_but_for_the_ports_that_have_their_own():
    board = Board.model_validate({**VALUES, "io_types": {"clk": "LVDS"}})

    assert [board.io_type_of(port) for port in board.pins] == ["LVDS", "LVCMOS33", "LVCMOS33"]


def test_without_a_pll_the_clock_is_the_oscillators():
    clock = {"pin": "G2", "mhz": 25, "core_mhz": 50}
    with pytest.raises(ValidationError, match="core_mhz must be the oscillator's 25 without a PLL; name one"):
        Board.model_validate({**VALUES, "clock": clock})
