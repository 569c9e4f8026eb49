import pytest

from hw.boards import known as boards
from hw.families.gowin import GOWIN


def test_constraints_place_every_port():
    board = boards.load("tang_nano_9k")

    assert GOWIN.constraints(board, {"clk": "52", "uart_rx": "18"}).splitlines() == [
        'IO_LOC "clk" 52;',
        'IO_PORT "clk" IO_TYPE=LVCMOS33;',
        'IO_LOC "uart_rx" 18;',
        'IO_PORT "uart_rx" IO_TYPE=LVCMOS33 PULL_MODE=UP;',
    ]


@pytest.mark.parametrize(
    ("name", "part", "series", "freed"),
    [
        ("tang_nano", ("GW1N-LV1QN48C6/I5", "GW1N-1"), "gw1n", False),
        ("tang_nano_9k", ("GW1NR-LV9QN88PC6/I5", "GW1N-9C"), "gw1n", False),
        ("tang_primer_20k", ("GW2A-LV18PG256C8/I7", "GW2A-18C"), "gw2a", True),
    ],
)
def test_the_part_is_named_to_every_tool(name, part, series, freed):
    board = boards.load(name)

    assert GOWIN.part(board) == ("--device", part[0], "--vopt", f"family={part[1]}")
    assert f"-family {series} " in GOWIN.synthesis(board)
    packer = GOWIN.packer(board)
    assert packer[:3] == ("gowin_pack", "-d", part[1])
    assert ("--ready_as_gpio" in packer) == ("--done_as_gpio" in packer) == freed
