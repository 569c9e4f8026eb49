from pathlib import Path

import pytest

from constraints.boards import Board
from hw.boards.known import load
from hw.fpga.seeds import place_fastest
from hw.fpga.toolchain import Placed, Toolchain, ToolError

LUTS = 2_000
FMAX = {3: 30.0, 4: 33.5, 5: 33.5, 6: None, 7: None}


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    """A board whose place and route is a table, which other processes take over as they begin."""

    def place_and_route(tools: Toolchain, seed: int, luts: int) -> Placed:
        assert luts == LUTS
        assert (tools._folder / "top.json").read_text() == "netlist"
        assert (tools._folder / "top.pcf").read_text() == "pins"
        fmax = FMAX[seed]
        if fmax is None:
            raise ToolError("place and route", "ERROR: no way", tools._folder / "place-and-route.log")
        for name in ("top.asc", "timing.json", "place-and-route.log"):
            (tools._folder / name).write_text(f"{name} of {seed}")
        return Placed(fmax, ("a", "b"), {"ICESTORM_LC": seed})

    monkeypatch.setattr(Toolchain, "place_and_route", place_and_route)
    return load("icebreaker")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "top.json").write_text("netlist")
    (tmp_path / "top.pcf").write_text("pins")
    return tmp_path


def test_the_fastest_layout_is_kept_and_the_first_of_equals(board: Board, folder: Path) -> None:
    tools = Toolchain(board, folder)
    seed, placed, by_seed = place_fastest(tools, board, folder, [3, 5, 4, 6], LUTS)
    assert (seed, placed.used, by_seed) == (4, {"ICESTORM_LC": 4}, {3: 30.0, 5: 33.5, 4: 33.5})
    for name in ("top.asc", "timing.json", "place-and-route.log"):
        assert (folder / name).read_text() == f"{name} of 4"
    assert (folder / "seed-3" / "place-and-route.log").read_text() == "place-and-route.log of 3"
    assert not list(folder.glob("seed-[345]/top.json"))
    assert list(tools.seconds) == ["place and route"]


def test_one_seed_has_no_folder_of_its_own(board: Board, folder: Path) -> None:
    seed, placed, by_seed = place_fastest(Toolchain(board, folder), board, folder, [3], LUTS)
    assert (seed, placed.fmax_mhz, by_seed) == (3, 30.0, {3: 30.0})
    assert (folder / "top.asc").read_text() == "top.asc of 3"
    assert not list(folder.glob("seed-*"))


def test_seeds_without_any_layout_are_one_line(board: Board, folder: Path) -> None:
    with pytest.raises(ToolError, match=r"place and route failed: ERROR: no way; all of it is in .*seed-6"):
        place_fastest(Toolchain(board, folder), board, folder, [6, 7], LUTS)
