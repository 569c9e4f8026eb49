"""What a virtual board is made from: a build's folder, or a bundle."""

import dataclasses

import pytest

from hw.array.codes.code_image import FLASH_OFFSET, code_bytes, flash_contents, flash_file
from hw.boards import known
from hw.fpga.clock import clocked
from hw.frontend.schedule import Parallelism
from hw.frontend.variant import Folded
from sim.virtual.design import from_build, from_bundle
from sw.bundle import save
from sw.errors import EngramError
from tests.helpers.bundles import random_bundle, tiny_design
from tests.helpers.host import build_of, virtual_design

DESIGN = virtual_design()


def test_a_build_is_read_as_it_was_made(tmp_path):
    build_of(DESIGN, tmp_path)
    found = from_build(tmp_path)
    assert found.bundle.digest == DESIGN.bundle.digest
    assert dataclasses.replace(found, bundle=DESIGN.bundle) == DESIGN
    assert DESIGN.divisor == 9


@pytest.mark.parametrize(
    ("variant", "words", "sizes"),
    [
        ("folded", ["2x2x1x1"], Folded(Parallelism(2, 2, 1, 1))),
        ("streaming", ["1x2x1x1", "2x1x1x1"], (Parallelism(1, 2, 1, 1), Parallelism(2, 1, 1, 1))),
        (None, None, None),
    ],
)
def test_every_front_end_of_a_report_is_read(tmp_path, variant, words, sizes):
    slow = dataclasses.replace(DESIGN, board=clocked(DESIGN.board, 12))
    build_of(slow, tmp_path, variant=variant, parallelism=words, flash_offset=None)
    found = from_build(tmp_path)
    assert found.parallelism == sizes and found.flash is None
    assert (found.board.clock.core_mhz, found.board.clock.pll) == (12, None)


REPORT, BUNDLE, BITSTREAM = "report.json", "chip-icebreaker.engram", "chip-icebreaker.bin"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / REPORT).unlink(), "cannot read .*report.json: No such file or directory; "),
        (lambda folder: (folder / REPORT).write_text("{"), "must be a report of 'engram build', it is"),
        (lambda folder: (folder / REPORT).write_text("[]"), "must be a report of 'engram build', it is"),
        (
            lambda folder: (folder / REPORT).write_text("{}"),
            "must be as this version .*, got 'bundle'; build",
        ),
        (
            lambda folder: build_of(DESIGN, folder, parallelism=["3"]),
            "must be as this version .*; build again",
        ),
        (lambda folder: build_of(DESIGN, folder, parallelism=["1x1x1x1"]), "must be as this version of"),
        (lambda folder: (folder / BUNDLE).unlink(), "chip-icebreaker.engram"),
        (lambda folder: build_of(DESIGN, folder, board_values={"name": "x"}), "board_values: title: "),
        (
            lambda folder: build_of(DESIGN, folder, board_values=DESIGN.board.model_dump() | {"die": "up9k"}),
            "board_values: die must be one of",
        ),
        (lambda folder: (folder / BITSTREAM).unlink(), "cannot read .*chip-icebreaker.bin: No such file"),
        (
            lambda folder: save(random_bundle(tiny_design(), 3), folder / BUNDLE),
            "must be the bundle that report.json beside it tells of, .{16}, got .{16}; build again",
        ),
    ],
)
def test_what_is_no_build_is_one_line(tmp_path, spoil, message):
    build_of(DESIGN, tmp_path)
    spoil(tmp_path)
    with pytest.raises(EngramError, match=message) as refusal:
        from_build(tmp_path)
    assert "\n" not in str(refusal.value)


def test_a_bundle_goes_on_a_board_as_a_build_puts_it_there(monkeypatch):
    bundle = random_bundle(tiny_design(row_lanes=2), 1)
    plain = from_bundle(bundle, "ulx3s-12f", 1_000_000)
    assert plain.board == known.load("ulx3s-12f") and plain.flash is None and plain.parallelism is not None
    monkeypatch.setattr("sim.virtual.design.codes_in_spram", lambda *_: True)
    loaded = from_bundle(bundle, "icebreaker", 1_000_000)
    assert loaded.flash == flash_contents(code_bytes(loaded.bundle))
    assert loaded.flash == flash_file(b"", code_bytes(loaded.bundle))[FLASH_OFFSET:]
    with pytest.raises(EngramError, match="--baud must be within 2 % of a whole fraction"):
        from_bundle(bundle, "icebreaker", 7_000_000)
