import re

import pytest

from constraints import boards
from sw.errors import EngramError

ICEBREAKER = (boards.FOLDER / "icebreaker.toml").read_text()


@pytest.mark.parametrize("name", boards.names())
def test_every_board_file_is_valid(name):
    board = boards.load(name)

    assert board.name == name
    assert {"clk", "uart_rx", "uart_tx", "led_busy", "led_locked"} <= set(board.pins)
    assert board.limits.block_ram_kbit == {"ice40": 4, "ecp5": 18}[board.family]


def test_the_two_main_boards_have_their_makers_pins():
    icebreaker, ulx3s = boards.load("icebreaker"), boards.load("ulx3s-85f")

    assert icebreaker.pins == {
        "clk": "35",
        "uart_rx": "6",
        "uart_tx": "9",
        "led_busy": "11",
        "led_locked": "37",
    }
    assert ulx3s.pins == {
        "clk": "G2",
        "uart_rx": "M1",
        "uart_tx": "L4",
        "led_busy": "B2",
        "led_locked": "C2",
        "wifi_gpio0": "L2",
    }
    assert ulx3s.constants["wifi_gpio0"].level == 1


def test_boards_come_smallest_first():
    luts = [board.limits.luts for board in boards.load_all()]

    assert luts == sorted(luts)
    assert len(luts) == len(boards.names())


def test_unknown_board_lists_the_known_ones():
    with pytest.raises(
        EngramError, match=r"unknown board 'icebraker'; known boards: .*icebreaker.*ulx3s-85f"
    ):
        boards.load("icebraker")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[clock]", "[clock", "board file mine.toml must be TOML"),
        ('pin = "35"\n', "", "board file mine.toml: clock.pin: Field required"),
        ('rx = "6"', 'rx = "9"', "pins must differ, 9 is used twice"),
        ('rx = "6"', 'rx = "pin 6"', "uart.rx: String should match pattern"),
        ("core_mhz = 24", "core_mhz = 60", "clock.core_mhz must be at most 50 with flash"),
        ('sck = "15"', 'sck = "6"', "pins must differ, 6 is used twice"),
        ("SB_PLL40_PAD", "EHXPLLL", "clock.pll 'EHXPLLL' does not exist on ice40"),
        ('package = "sg48"', 'package = "sg48"\nspeed = 6', "speed and io_type must be given for ecp5"),
        ("core_mhz = 24", "core_mhz = 24\ncore_khz = 1", "clock.core_khz: Extra inputs are not permitted"),
    ],
    ids=["syntax", "missing", "twice", "no pin", "fast flash", "flash", "pll", "speed", "unknown key"],
)
def test_mistake_in_a_board_file_is_named(old, new, message):
    assert old in ICEBREAKER
    with pytest.raises(EngramError, match=re.escape(message)):
        boards.parse(ICEBREAKER.replace(old, new), "mine")


def test_flash_pins_are_there_where_a_flash_is():
    assert boards.load("icebreaker").flash_pins == {
        "flash__cs_n": "16",
        "flash__sck": "15",
        "flash__copi": "14",
        "flash__cipo": "17",
    }
    assert boards.load("ulx3s-85f").flash_pins == {}
