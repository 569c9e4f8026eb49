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
        ('rx = "6"', 'rx = "9"', "pins must differ, 9 is used twice, for uart_rx and uart_tx"),
        (
            'rx = "6"',
            'rx = "pin 6"',
            'uart.rx: a pin must be text in quotes such as "35" or "B10", got \'pin 6\'',
        ),
        ('rx = "6"', "rx = 6", 'uart.rx: a pin must be text in quotes such as "35" or "B10", got 6'),
        ('[uart]\nrx = "6"\ntx = "9"\n', "", "board file mine.toml: uart: Field required"),
        ("core_mhz = 24", "core_mhz = 60", "clock.core_mhz must be at most 50 with flash"),
        ('sck = "15"', 'sck = "6"', "pins must differ, 6 is used twice, for uart_rx and flash__sck"),
        (
            "core_mhz = 24",
            "core_mhz = 12",
            "clock: core_mhz is the oscillator's own 12 and needs no PLL; leave",
        ),
        (
            'pll = "SB_PLL40_PAD"\n',
            "",
            "clock: core_mhz must be the oscillator's 12 without a PLL; name one in",
        ),
        ("\nmhz = 12", "\nmhz = nan", "clock.mhz: Input should be a finite number, got nan"),
        ("\nmhz = 12", "\nmhz = true", "clock.mhz: Input should be a valid number, got True"),
        ("luts = 5280", 'luts = "5280"', "limits.luts: Input should be a valid integer, got '5280'"),
        ("active_low = true", "active_low = 1", "leds.active_low: Input should be a valid boolean, got 1"),
        ('title = "', 'title = "\\n', "title: String should match pattern"),
        ("title", 'name = "other"\ntitle', "mine.toml: name is that of the file; leave it out"),
        ("core_mhz = 24", "core_mhz = 24\ncore_khz = 1", "clock.core_khz: Extra inputs are not permitted"),
    ],
)
def test_mistake_in_a_board_file_is_named_in_one_line(old, new, message):
    assert old in ICEBREAKER
    with pytest.raises(EngramError, match=re.escape(message)) as refusal:
        boards.parse(ICEBREAKER.replace(old, new).encode(), "mine")
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
        boards.parse(text.encode(), "mine")


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
        boards.parse(contents, "mine")


def test_lines_may_end_as_on_windows_and_pins_have_three_digits():
    text = ICEBREAKER.replace('rx = "6"', 'rx = "143"').replace("\n", "\r\n")

    board = boards.parse(text.encode(), "icebreaker")

    assert board.uart.rx == "143"
    assert board.clock == boards.load("icebreaker").clock


def test_a_bad_file_is_no_obstacle_to_the_other_boards(tmp_path, monkeypatch, fresh_names):
    (tmp_path / "good.toml").write_text(ICEBREAKER)
    (tmp_path / "bad.toml").write_text("title")
    (tmp_path / "gone.toml").symlink_to("nowhere")
    (tmp_path / ".#good.toml").symlink_to("nowhere")
    monkeypatch.setattr(boards, "FOLDER", tmp_path)

    assert boards.names() == ("bad", "gone", "good")
    assert [board.name for board in boards.load_all()] == ["good"]
    with pytest.raises(EngramError, match=r"cannot read the board file .*gone\.toml: No such file"):
        boards.load("gone")


@pytest.fixture
def fresh_names():
    boards.names.cache_clear()
    yield
    boards.names.cache_clear()


def test_flash_pins_are_there_where_a_flash_is():
    assert boards.load("icebreaker").flash_pins == {
        "flash__cs_n": "16",
        "flash__sck": "15",
        "flash__copi": "14",
        "flash__cipo": "17",
    }
    assert boards.load("ulx3s-85f").flash_pins == {}
