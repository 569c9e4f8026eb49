import re

import pytest
from amaranth.back import rtlil
from amaranth.sim import Simulator

from constraints.boards import Constant
from hw.boards import known as boards
from hw.fpga.clock import clocked
from hw.fpga.top import BOOT_CYCLES, BootReset, Top, constant_ports
from sw.errors import EngramError
from tests.helpers.bundles import TINY, random_bundle

BUNDLE = random_bundle(TINY, seed=1)


def ports_of(text):
    top = text[text.index("attribute \\top 1") :].partition("\nend\n")[0]
    return sorted(re.findall(r"wire (?:width \d+ )?(?:input|output) \d+ +\\(\S+)", top))


@pytest.mark.parametrize("name", boards.names())
def test_every_board_elaborates_with_its_ports_and_pll(name):
    board = boards.load(name)

    top = Top(BUNDLE, board, baud=1_000_000)
    text = rtlil.convert(top, name="top")

    assert top.pins == board.pins
    assert ports_of(text) == sorted(board.pins)
    assert len(re.findall(rf"cell \\{board.clock.pll} ", text)) == 1


def test_without_a_pll_the_oscillator_is_the_clock_of_the_chip():
    text = rtlil.convert(Top(BUNDLE, clocked(boards.load("icebreaker"), 12), baud=1_000_000), name="top")

    assert "PLL" not in text
    assert "cell \\top.chip \\chip" in text


def test_constant_pin_with_a_name_of_the_top_module_is_refused():
    constants = {"elaborate": Constant(pin="39", level=1)}
    board = boards.load("icebreaker").model_copy(update={"constants": constants})

    with pytest.raises(
        EngramError, match=r"board icebreaker: constants\.elaborate: the top module uses that"
    ):
        constant_ports(board)


def test_codes_in_single_port_ram_bring_the_flash_to_the_pins():
    board = boards.load("icebreaker")

    top = Top(BUNDLE, board, baud=1_000_000, spram=True)

    assert top.pins == {**board.pins, **board.flash_pins}
    assert ports_of(rtlil.convert(top, name="top")) == sorted(top.pins)


def test_ice40_pll_has_the_dividers_for_24_mhz():
    board = clocked(boards.load("icebreaker"), 24)
    text = rtlil.convert(Top(BUNDLE, board, baud=1_000_000), name="top")

    for name, value in (("DIVR", "0000"), ("DIVF", "0111111"), ("DIVQ", "101"), ("FILTER_RANGE", "001")):
        assert f"parameter \\{name} {len(value)}'{value}" in text


def test_ecp5_pll_has_the_dividers_for_80_mhz():
    text = rtlil.convert(Top(BUNDLE, boards.load("ulx3s-85f"), baud=1_000_000), name="top")

    for name, value in (
        ("CLKI_DIV", 1),
        ("CLKFB_DIV", 1),
        ("CLKOP_DIV", 16),
        ("CLKOS_DIV", 5),
        ("CLKOS_CPHASE", 4),
    ):
        assert f"parameter \\{name} {value}\n" in text


def test_reset_ends_a_while_after_lock_and_comes_back_when_lock_is_lost():
    dut = BootReset()
    seen = []

    async def lock_and_lose(ctx):
        for locked, cycles in ((0, 5), (1, 40), (0, 5), (1, BOOT_CYCLES + 10), (0, 5)):
            ctx.set(dut.locked, locked)
            for _ in range(cycles):
                await ctx.tick()
                seen.append((ctx.get(dut.settled), ctx.get(dut.reset)))

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(lock_and_lose)
    simulator.run()

    first_lock, lost, second_lock = 5, 45, 50
    rises = second_lock + 1  # the second edge after the input has settled
    ends = rises + BOOT_CYCLES
    assert all(reset for _, reset in seen[:ends])
    assert not any(reset for _, reset in seen[ends : rises + BOOT_CYCLES + 9])
    assert seen[-1] == (0, 1)
    assert [settled for settled, _ in seen[first_lock - 1 : first_lock + 3]] == [0, 0, 1, 1]
    assert [settled for settled, _ in seen[lost - 1 : lost + 3]] == [1, 1, 0, 0]
