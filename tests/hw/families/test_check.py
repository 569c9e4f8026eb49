import re

import pytest

from hw.boards import known as boards
from hw.families.check import check
from sw.errors import EngramError

ICEBREAKER, ULX3S = boards.load("icebreaker"), boards.load("ulx3s-25f")


@pytest.mark.parametrize(
    ("board", "change", "message"),
    [
        (ICEBREAKER, {"die": "u4k"}, "mine: die must be one of up3k, up5k, lp1k, "),
        (
            ICEBREAKER,
            {"package": "SG48"},
            "package of up5k must be one of sg48, uwg30, got 'SG48'; it is spelled sg48",
        ),
        (ULX3S, {"package": "caBGA381"}, "got 'caBGA381'; it is spelled CABGA381"),
        (
            ULX3S,
            {"package": "CABGA756"},
            "package of 25k must be one of CABGA256, CABGA381, CSFBGA285, TQFP144",
        ),
        (ULX3S, {"speed": 5}, "mine: speed must be one of 6, 7, 8, got 5"),
        (ULX3S, {"speed": None}, "mine: speed must be one of 6, 7, 8, got None"),
        (ULX3S, {"io_type": "LVCMOS50"}, "io_type must be one of LVCMOS12, "),
        (ULX3S, {"io_types": {"uart_rx": "LVDS"}}, "io_types.uart_rx must be one of LVCMOS12, "),
        (ICEBREAKER, {"io_types": {"clk": "LVDS"}}, "io_types.clk must be left out"),
        (ICEBREAKER, {"speed": 6}, "mine: speed must be left out, its family has none, got 6"),
        (ICEBREAKER, {"io_type": "LVCMOS33"}, "mine: io_type must be left out"),
        (ICEBREAKER, {"family": "ecp5"}, "mine: die must be one of 12k, 25k, um-25k, um5g-25k, "),
    ],
)
def test_part_that_the_family_does_not_have_is_refused(board, change, message):
    with pytest.raises(EngramError, match=re.escape(message)):
        check(board.model_copy(update=change), "mine")


@pytest.mark.parametrize(
    ("board", "table", "change", "message"),
    [
        (
            ICEBREAKER,
            "clock",
            {"pll": "EHXPLLL"},
            "clock.pll must be one of SB_PLL40_PAD, SB_PLL40_CORE, got",
        ),
        (ULX3S, "clock", {"pll": "SB_PLL40_PAD"}, "clock.pll must be EHXPLLL, got 'SB_PLL40_PAD'"),
        (ICEBREAKER, "clock", {"mhz": 27.0}, "mine: no iCE40 PLL setting makes exactly 36 MHz from 27 MHz"),
        (ICEBREAKER, "limits", {"block_ram_kbit": 18}, "limits.block_ram_kbit must be 4, got 18"),
        (ULX3S, "limits", {"sprams": 4}, "limits.sprams must be 0, got 4"),
    ],
)
def test_clock_and_memories_that_the_family_does_not_have_are_refused(board, table, change, message):
    changed = getattr(board, table).model_copy(update=change)
    with pytest.raises(EngramError, match=re.escape(message)):
        check(board.model_copy(update={table: changed}), "mine")
