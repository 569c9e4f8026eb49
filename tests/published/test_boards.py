"""``python -m published boards``: what is built, what is kept, what stands in the table."""

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hw.boards import catalogue as catalogue_module
from hw.boards.catalogue import Entry
from hw.boards.known import load
from hw.fpga.toolchain import first_error
from hw.sizing import front_end_choice
from published import again, boards
from published.__main__ import published
from published.book import BOOK, read_book
from published.layout import BOARDS
from sw.errors import EngramError

PAGE = "# Boards\n\n<!-- results: boards -->\n<!-- /results -->\n"
BUILT = {
    "luts": 3000,
    "luts_available": 8640,
    "brams": 20,
    "brams_available": 26,
    "sprams": 0,
    "fmax_mhz": 41.5,
    "target_mhz": 36.0,
    "cycles_per_image": 1296,
}
KNOWN = [
    Entry("tang_nano_9k", "TangNano9kPlatform", load("tang_nano_9k")),
    Entry("fomu_pvt", "FomuPVTPlatform", load("fomu_pvt", "E4,D5"), "E4,D5"),
    Entry("icestick", "ICEStickPlatform", load("icestick")),
    Entry("none", "NonePlatform", None, reason="NonePlatform: there is no oscillator; choose another"),
]


class Machine:
    """Stands for git and ``engram build``."""

    def __init__(self):
        self.ran: list[str] = []
        self.changed = ""
        self.ends: dict[str, tuple[int, dict, str]] = {}

    def __call__(self, command, **options):
        words = [str(word) for word in command]
        if words[0] == "git":
            asked = {"rev-parse": "0123456789\n", "ls-files": "", "diff": self.changed}[words[3]]
            return subprocess.CompletedProcess(words, 0, asked)
        line = " ".join(words[3:])
        self.ran.append(line)
        code, changes, said = next((ends for part, ends in self.ends.items() if part in line), (0, {}, ""))
        return subprocess.CompletedProcess(words, code, json.dumps(BUILT | changes) if code < 2 else "", said)


@pytest.fixture
def machine(monkeypatch):
    fake = Machine()
    monkeypatch.setattr(again, "run", fake)
    monkeypatch.setattr(again, "here", lambda: "new")
    return fake


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A small checkout, four boards, of which the third is too small."""
    (tmp_path / "docs").mkdir()
    (tmp_path / BOOK).write_text("", encoding="utf-8")
    (tmp_path / "docs/tables.toml").write_text("", encoding="utf-8")
    (tmp_path / "docs/boards.md").write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(boards, "ROOT", tmp_path)
    monkeypatch.setattr(catalogue_module, "catalogue", lambda: iter(KNOWN))
    monkeypatch.setattr(
        front_end_choice, "boards_that_hold", lambda _, there: [each.name != "icestick" for each in there]
    )

    def too_small(bundle, *_):
        raise EngramError(f"{bundle.design.name!r} needs 3,000 logic cells, icestick has 1,280; or prune it")

    monkeypatch.setattr(front_end_choice, "configured", too_small)
    return tmp_path


def call(*arguments):
    done = CliRunner().invoke(published, ["boards", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def page_of(checkout: Path) -> list[str]:
    return (checkout / "docs/boards.md").read_text(encoding="utf-8").splitlines()


def test_what_fits_is_built_and_the_rest_says_why_not(checkout, machine):
    done = call("--json")
    assert done.exit_code == 0
    assert machine.ran == [
        f"build zoo:{bundle} --board {board} --json"
        for board in ("tang_nano_9k", "fomu_pvt --uart E4,D5")
        for bundle in boards.BUNDLES
    ]
    rows = {row["name"]: row for row in json.loads(done.stdout)["boards"]}
    assert rows["tang_nano_9k"]["digits"]["fmax"] == 41.5
    assert rows["icestick"]["digits"] == {"reason": "'digits' needs 3,000 logic cells, icestick has 1,280"}
    assert rows["none"]["mnist-up5k"] == {"reason": "NonePlatform: there is no oscillator"}
    assert not (checkout / BOARDS).exists()


def test_the_table_has_a_line_for_each_board_and_keeps_the_others(checkout, machine):
    machine.ends = {"fomu": (0, {"sprams": 4}, "")}
    assert call("fomu_pvt", "--write").exit_code == 0
    assert call("icestick", "tang_nano_9k", "--write", "--jobs", 2).exit_code == 0
    rows = page_of(checkout)[5:-1]
    assert [row.split("|")[1].strip() for row in rows] == ["`tang_nano_9k`", "`fomu_pvt`", "`icestick`"]
    figures = "3,000 of 8,640 | 20 of 26 | 41.5 (36) | 1,296"
    assert rows[0] == f"| `tang_nano_9k` | GW1NR-9C | {figures} | {figures} |"
    assert "| 20 of 26, 4 SPRAM |" in rows[1]
    assert "| `'digits' needs 3,000 logic cells, icestick has 1,280` | - | - | - | `'mnist" in rows[2]
    entry = read_book(checkout).entry("digits-on.tang_nano_9k")
    assert (entry.seeds, entry.commit, entry.processor) == ((1,), "0123456789", "new")


def test_a_build_is_made_once_whatever_came_of_it(checkout, machine):
    machine.ends = {
        "zoo:digits": (1, {"fmax_mhz": 30.0}, ""),
        "zoo:mnist": (2, {}, "building\nerror: no route; try less\n"),
    }
    first, again_ = (" ".join(call("tang_nano_9k").stdout.split()) for _ in range(2))
    assert first == again_
    assert len(machine.ran) == 2
    assert "30.0 (36) MHz, timing NOT MET, 1,296 cycles" in first
    assert "mnist-up5k: no route" in first and "try less" not in first
    machine.changed = "hw/x.py"
    call("tang_nano_9k")
    assert len(machine.ran) == 4


@pytest.mark.parametrize("log", ["Info: 7 %", ""])
def test_a_build_whose_tool_was_killed_is_made_again(checkout, machine, log):
    refusal = f"error: place and route failed: {first_error(log)}; all of it is in log\n"
    machine.ends = {"zoo:digits": (2, {}, refusal)}
    assert "digits: place and route failed: it stopped without an error" in call("tang_nano_9k").stdout
    machine.ends = {}
    assert "digits: 3,000 of 8,640 LUT" in call("tang_nano_9k").stdout
    assert [line.split()[1] for line in machine.ran] == ["zoo:digits", "zoo:mnist-up5k", "zoo:digits"]


@pytest.mark.parametrize(
    ("arguments", "changed", "said"),
    [
        (["nothing"], "", "no board has the name 'nothing'; 'engram boards' lists all"),
        (["--write"], "hw/x.py", "the source must be committed; changed: hw/x.py"),
    ],
)
def test_what_cannot_be_done_is_one_line(checkout, machine, arguments, changed, said):
    machine.changed = changed
    done = call(*arguments)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert machine.ran == []
