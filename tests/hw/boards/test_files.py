import re

import pytest

from hw.boards import known as boards
from hw.boards.files import parse
from sw.errors import EngramError

ICEBREAKER = """\
title = "1BitSquared iCEBreaker, by hand"
device = "iCE40UP5K"
package = "sg48"

[clock]
pin = "35"
mhz = 12
core_mhz = 36

[uart]
rx = "6"
tx = "9"

[flash]
cs_n = "16"
sck = "15"
copi = "14"
cipo = "17"

[leds]
busy = "11"   # red
locked = "37" # green
active_low = true
"""


def test_a_file_alone_says_what_the_platform_says_too():
    board = parse(ICEBREAKER.encode(), "icebreaker")
    ours = boards.load("icebreaker")

    assert board == ours.model_copy(update={"platform": None, "title": board.title})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[clock]", "[clock", "board file mine.toml must be TOML"),
        ('pin = "35"\n', "", "board file mine.toml: clock.pin: Field required"),
        ('rx = "6"', 'rx = "9"', "pins must differ, 9 is used twice, for uart_rx and uart_tx; give one of"),
        (
            'rx = "6"',
            'rx = "pin 6"',
            'uart.rx: a pin must be text in quotes such as "35" or "B10", got \'pin 6\'',
        ),
        ('rx = "6"', "rx = 6", 'uart.rx: a pin must be text in quotes such as "35" or "B10", got 6'),
        ('[uart]\nrx = "6"\ntx = "9"\n', "", "board file mine.toml: uart: Field required"),
        ("core_mhz = 36", "core_mhz = 60", "clock.core_mhz must be at most 50 with flash"),
        ('sck = "15"', 'sck = "6"', "pins must differ, 6 is used twice, for uart_rx and flash__sck"),
        (
            "core_mhz = 36",
            'core_mhz = 12\npll = "SB_PLL40_PAD"',
            "clock: core_mhz is the oscillator's own 12 and needs no PLL; leave",
        ),
        ("\nmhz = 12", "\nmhz = nan", "clock.mhz: Input should be a finite number, got nan"),
        ("\nmhz = 12", "\nmhz = true", "clock.mhz: Input should be a valid number, got True"),
        ("active_low = true", "active_low = 1", "leds.active_low: Input should be a valid boolean, got 1"),
        ('title = "', 'title = "\\n', "title: String should match pattern"),
        ("title", 'name = "other"\ntitle', "mine.toml: name is that of the file; leave it out"),
        ("core_mhz = 36", "core_mhz = 36\ncore_khz = 1", "clock.core_khz: Extra inputs are not permitted"),
    ],
)
def test_mistake_in_a_board_file_is_named_in_one_line(old, new, message):
    assert old in ICEBREAKER
    with pytest.raises(EngramError, match=re.escape(message)) as refusal:
        parse(ICEBREAKER.replace(old, new).encode(), "mine")
    assert "\n" not in str(refusal.value) and "{" not in str(refusal.value)


@pytest.mark.parametrize(
    ("constant", "message"),
    [
        ('led_busy = { pin = "39", level = 1 }', "constants.led_busy: the design has a port of that name"),
        (
            'flash__sck = { pin = "39", level = 1 }',
            "constants.flash__sck: the design has a port of that name",
        ),
        ('"esp32-en" = { pin = "39", level = 1 }', "letters, digits and _, a letter first, got 'esp32-en'"),
        ('"2nd" = { pin = "39", level = 1 }', "letters, digits and _, a letter first, got '2nd'"),
        ('"größe" = { pin = "39", level = 1 }', "letters, digits and _, a letter first, got 'größe'"),
        ('enable = { pin = "17", level = 1 }', "17 is used twice, for enable and flash__cipo"),
        ('enable = { pin = "39", level = 2 }', "constants.enable.level: Input should be 0 or 1, got 2"),
    ],
)
def test_constant_pin_that_cannot_be_one_is_named(constant, message):
    text = f"{ICEBREAKER}\n[constants]\n{constant}\n"
    with pytest.raises(EngramError, match=re.escape(message)):
        parse(text.encode(), "mine")


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"\xef\xbb\xbf" + ICEBREAKER.encode(), "mine.toml must be UTF-8 without a byte-order mark"),
        (ICEBREAKER.encode("utf-16"), "mine.toml must be text in UTF-8; save it with that encoding"),
        (ICEBREAKER.replace("red", "grün").encode("latin-1"), "mine.toml must be text in UTF-8"),
        (b"", "mine.toml: title: Field required"),
    ],
    ids=["mark", "utf-16", "latin-1", "empty"],
)
def test_text_of_another_kind_is_refused(contents, message):
    with pytest.raises(EngramError, match=re.escape(message)):
        parse(contents, "mine")


def test_lines_may_end_as_on_windows_and_pins_have_three_digits():
    text = ICEBREAKER.replace('rx = "6"', 'rx = "143"').replace("\n", "\r\n")

    board = parse(text.encode(), "icebreaker")

    assert board.uart.rx == "143"
    assert board.clock == boards.load("icebreaker").clock


def test_what_a_file_says_goes_before_its_platform_and_the_rest_stays():
    text = 'title = "Mine"\nplatform = "icebreaker"\n[clock]\ncore_mhz = 48\n[leds]\nbusy = "39"\n'

    board, ours = parse(text.encode(), "mine"), boards.load("icebreaker")

    assert (board.name, board.title, board.platform) == ("mine", "Mine", "ICEBreakerPlatform")
    assert board.clock == ours.clock.model_copy(update={"core_mhz": 48})
    assert board.pins == {**ours.pins, "led_busy": "39"}
    assert board.limits == ours.limits


def test_a_file_puts_the_uart_on_a_connector():
    board = parse(b'platform = "fomu_hacker"\nuart = "F4,E5"', "mine")
    assert (board.uart.rx, board.uart.tx) == ("F4", "E5")

    board = parse(b'platform = "tinyfpga_bx"\nuart = "GPIO:0:1,2"', "mine")
    assert (board.uart.rx, board.uart.tx) == ("A2", "A1")


def test_the_command_lines_uart_goes_before_the_files():
    assert parse(ICEBREAKER.encode(), "mine", "27, 25").uart.rx == "27"
    assert parse(b'platform = "tinyfpga_bx"\nuart = "gpio:0:1,2"', "mine", "gpio:0:3,4").uart.rx == "B1"
    assert parse(b'platform = "icebreaker"\nuart = {rx = "2", tx = "3"}', "mine", "4,47").uart.rx == "4"
    with pytest.raises(EngramError, match=r"--uart must be two pins of the part, .* got 'pmod:0:1,2'"):
        parse(ICEBREAKER.encode(), "mine", "pmod:0:1,2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('platform = "icebraker"', "mine.toml: platform must be a module or class of amaranth-boards, or"),
        ("platform = 5", "package.module:Class, got 5"),
        ('title = "x"\ndevice = "XC7A35T"', "mine.toml: device must be one of iCE40UP3K, iCE40UP5K, "),
        ('platform = "icebreaker"\n[uart]\nrx = "9"', "pins must differ, 9 is used twice, for uart_rx and"),
        ('platform = "icebreaker"\n[io_types]\nclk = "LVDS"', "mine.toml: io_types.clk must be left out"),
        ('platform = "icebreaker"\n[io_types]\nuart = "LVDS"', "io_types.uart: the board has no port of"),
        ('platform = "icebreaker"\n[clock]\ncore_mhz = 25', "no iCE40 PLL setting makes exactly 25 MHz"),
    ],
)
def test_mistake_in_a_file_with_a_platform_is_named_in_one_line(text, message):
    with pytest.raises(EngramError, match=re.escape(message)) as refusal:
        parse(text.encode(), "mine")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("oscillator", "core_mhz"), [(12, 36), (24, 36), (16, 36), (25, 25), (3.3, 3.3)])
def test_the_clock_is_by_default_the_next_one_that_the_pll_makes(oscillator, core_mhz):
    text = ICEBREAKER.replace("\nmhz = 12", f"\nmhz = {oscillator}").replace("core_mhz = 36\n", "")

    clock = parse(text.encode(), "mine").clock

    assert clock.core_mhz == core_mhz
    assert (clock.pll is None) == (core_mhz == oscillator)
