"""The flash loader against a flash: right codes, wrong ones, and right ones at last."""

import numpy as np
import pytest
from amaranth.sim import Simulator

from hw.array.codes.code_image import FLASH_OFFSET, code_bytes, code_crc, flash_contents, flash_file
from hw.array.codes.flash import FlashLoader, load_cycles
from hw.geometry import ArrayGeometry
from tests.helpers.bundles import random_bundle
from tests.helpers.flash import Flash
from tests.helpers.shapes import SHAPES

CODES = np.random.default_rng(1).integers(0, 256, 38, dtype=np.uint8).tobytes()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr("hw.array.codes.flash.PAUSE_CYCLES", 16)


def load(flash_holds, cycles, *, later=None):
    """Run a loader for CODES: cycle in which it was ready or None, the bytes it gave, reads of the flash."""
    dut = FlashLoader(CODES)
    flash = Flash(dut.flash, flash_holds)
    got, ready = bytearray(), []

    async def watch(ctx):
        for cycle in range(cycles):
            if ctx.get(dut.o.valid):
                got.extend(ctx.get(dut.o.payload).to_bytes(2, "little"))
            if ctx.get(dut.ready):
                ready.append(cycle)
            if later is not None and len(got) == len(CODES):
                flash.contents = later
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(watch)
    simulator.add_testbench(flash.run, background=True)
    simulator.run()
    assert ready == list(range(ready[0], cycles)) if ready else True
    return ready[0] if ready else None, bytes(got), flash.reads


def test_codes_come_in_order_and_then_the_flash_is_left_alone():
    cycles = load_cycles(CODES)
    assert load(flash_contents(CODES), 3 * cycles) == (cycles, CODES, 1)


@pytest.mark.parametrize("bit", [0, 150, 8 * len(CODES) - 1])
def test_one_wrong_bit_and_the_chip_is_not_ready(bit):
    wrong = bytearray(flash_contents(CODES))
    wrong[bit // 8] ^= 1 << bit % 8
    ready, _, reads = load(bytes(wrong), 2 * load_cycles(CODES) + 10)
    assert (ready, reads) == (None, 2)


ELSEWHERE = {
    "a pin that is stuck low": bytes(200),
    "codes of another chip": flash_contents(CODES[::-1]),
    "codes a byte too early": flash_contents(CODES[1:]),
    "codes a byte too late": b"\xff" + flash_contents(CODES),
    "codes whose end is missing": flash_contents(CODES[:-2]),
    "codes with the other bit first": CODES,
    "noise": np.random.default_rng(2).integers(0, 256, 200, dtype=np.uint8).tobytes(),
}


@pytest.mark.parametrize("holds", ELSEWHERE.values(), ids=ELSEWHERE)
def test_whatever_else_a_flash_sends_is_read_again_and_no_chip_is_ready(holds):
    ready, _, reads = load(holds, 2 * load_cycles(CODES) + 10)
    assert (ready, reads) == (None, 2)


def test_flash_that_is_written_later_is_read_again():
    ready, got, reads = load(b"", 3 * load_cycles(CODES), later=flash_contents(CODES))
    assert ready is not None
    assert (got, reads) == (b"\xff" * len(CODES) + CODES, 2)


def test_codes_whose_crc_is_that_of_nothing_are_loaded_too(monkeypatch):
    """The CRC register must not hold the wanted value before anything was read."""
    monkeypatch.setattr("hw.array.codes.flash.code_crc", lambda _: 0)
    assert load(flash_contents(CODES), load_cycles(CODES) + 10)[0] is None


@pytest.mark.parametrize("name", ["plain", "wide_codes", "more_lanes_than_match_lines", "one_row_per_tile"])
def test_code_bytes_are_the_entries_in_whole_parts(name):
    bundle = random_bundle(SHAPES[name], seed=1, codes="random")
    geometry = ArrayGeometry(bundle.design)
    codes = code_bytes(bundle)
    size = len(codes) // geometry.code_depth
    assert size % 2 == 0
    assert 0 <= 8 * size - geometry.code_width < 16
    entries = [int.from_bytes(codes[at : at + size], "little") for at in range(0, len(codes), size)]
    assert entries == geometry.pack_codes(bundle.array.codes)


def test_flash_file_has_both_at_their_places():
    whole = flash_file(b"bitstream", CODES)
    assert whole[:12] == b"bitstream\xff\xff\xff"
    assert whole[FLASH_OFFSET:] == flash_contents(CODES)
    assert flash_contents(b"\x01\x80\x0f") == b"\x80\x01\xf0"
    assert code_crc(b"123456789") == 0xCBF43926  # the check value of CRC-32
