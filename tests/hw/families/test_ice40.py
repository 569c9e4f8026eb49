import pytest

from hw.boards import known as boards
from hw.families.ice40 import ICE40


def test_constraints_place_every_port():
    board = boards.load("icebreaker")

    assert ICE40.constraints(board, board.pins).splitlines() == [
        "set_io clk 35",
        "set_io -pullup yes uart_rx 6",
        "set_io uart_tx 9",
        "set_io led_busy 11",
        "set_io led_locked 37",
        "set_frequency clk 12",
    ]


@pytest.mark.parametrize("name", ["icebreaker", "icesugar"])
def test_flash_pins_are_those_that_configure_the_fpga(name):
    board = boards.load(name)

    assert ICE40.constraints(board, board.flash_pins).splitlines()[:-1] == [
        "set_io flash__cs_n 16",
        "set_io flash__sck 15",
        "set_io flash__copi 14",
        "set_io flash__cipo 17",
    ]


def test_synthesis_uses_what_the_part_has():
    assert ICE40.synthesis(boards.load("hx8k-evn")) == "synth_ice40 -device hx -top top"
    assert ICE40.synthesis(boards.load("icebreaker")) == (
        "delete a:ram_style=huge %m t:$meminit_v2 %i; synth_ice40 -device u -dsp -spram -top top"
    )
    assert ICE40.synthesis(boards.load("icesugar_nano")) == "synth_ice40 -device lp -top top"


def test_the_pll_takes_the_pad_where_it_lies_behind_it():
    assert ICE40.pll_kind("up5k", "sg48", "35") == "SB_PLL40_PAD"
    assert ICE40.pll_kind("up5k", "sg48", "20") == "SB_PLL40_CORE"
    assert ICE40.pll_kind("lp1k", "cm36", "D1") is None
