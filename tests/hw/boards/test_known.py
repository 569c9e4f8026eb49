import pytest

from hw.boards import known as boards
from sw.errors import EngramError


@pytest.mark.parametrize("name", boards.names())
def test_every_board_of_ours_has_its_ports(name):
    board = boards.load(name)

    assert board.name == name
    assert {"clk", "uart_rx", "uart_tx", "led_busy", "led_locked"} <= set(board.pins)


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


def test_flash_pins_are_there_where_single_port_ram_is_filled_from_a_flash():
    assert boards.load("icebreaker").flash_pins == {
        "flash__cs_n": "16",
        "flash__sck": "15",
        "flash__copi": "14",
        "flash__cipo": "17",
    }
    assert boards.load("ulx3s-85f").flash_pins == {}


def test_boards_come_smallest_first():
    luts = [board.limits.luts for board in boards.load_all()]

    assert luts == sorted(luts)
    assert len(luts) == len(boards.names())


def test_a_platform_goes_by_its_module_its_class_and_its_path():
    module = boards.load("supercon19badge")
    by_class = boards.load("Supercon19BadgePlatform")
    by_path = boards.load("amaranth_boards.supercon19badge:Supercon19BadgePlatform")

    assert module.name == "supercon19badge"
    assert module == by_class.model_copy(update={"name": module.name})
    assert by_path == by_class


def test_a_file_of_the_user_goes_by_its_path(tmp_path):
    file = tmp_path / "myboard.toml"
    file.write_text('title = "Mine"\nplatform = "icebreaker"\n', encoding="utf-8")

    assert boards.load(str(file)).name == "myboard"
    assert boards.load(str(file), "4,2").uart.rx == "4"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("icebraker", r"unknown board 'icebraker'; near ones: icebreaker, .*'engram boards' lists all"),
        ("ULX3S_85_Platform", r"near ones: ULX3S_85F_Platform, "),
        ("qqq", r"unknown board 'qqq'; known boards: .*icebreaker.*ulx3s-85f; 'engram boards' lists all"),
        (
            "none/at/all.toml",
            r"cannot read the board file none/at/all\.toml: No such file .*; 'engram boards' lists",
        ),
    ],
)
def test_unknown_board_lists_near_ones(name, message):
    with pytest.raises(EngramError, match=message):
        boards.load(name)


def test_a_bad_file_is_no_obstacle_to_the_other_boards(tmp_path, monkeypatch, fresh_names):
    (tmp_path / "good.toml").write_text('platform = "icebreaker"')
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
    boards.load.cache_clear()
    yield
    boards.names.cache_clear()
    boards.load.cache_clear()
