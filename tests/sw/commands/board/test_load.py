"""``engram load`` with programs that only say what they were called with."""

import json

import pytest

from tests.helpers.commands import run


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a bitstream and one for programs, which is the PATH."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chip.bin").write_bytes(b"bits")
    (tmp_path / "chip.bit").write_bytes(b"bits")
    return tmp_path


def install(place, name, code=0):
    program = place / "bin" / name
    program.write_text(f'#!/bin/sh\necho "$@" >{place}/called\nexit {code}\n')
    program.chmod(0o755)


def test_a_bitstream_is_loaded(place):
    install(place, "iceprog")
    code, out, err = run("load", "chip.bin", "--board", "icebreaker")
    assert (code, out) == (0, "chip.bin is in flash\n") and err == "$ iceprog chip.bin\n"
    assert (place / "called").read_text() == "chip.bin\n"


def test_into_flash_or_until_power_off(place):
    install(place, "openFPGALoader")
    code, out, _ = run("load", "chip.bit", "--board", "ulx3s-85f", "--json")
    assert code == 0 and json.loads(out) == {
        "board": "ulx3s-85f",
        "bitstream": "chip.bit",
        "program": "openFPGALoader",
        "flash": False,
    }
    assert (place / "called").read_text() == "-b ulx3s chip.bit\n"
    code, out, _ = run("load", "chip.bit", "--board", "ulx3s-85f", "--flash")
    assert (code, out) == (0, "chip.bit is in flash\n")
    assert (place / "called").read_text() == "-b ulx3s -f chip.bit\n"


def test_a_program_that_fails_is_one_line(place):
    install(place, "iceprog", 3)
    code, out, err = run("load", "chip.bin", "--board", "icebreaker")
    assert (code, out) == (2, "")
    assert err.splitlines()[1:] == [
        "error: iceprog must load chip.bin, it ended with code 3; check that the board is plugged in, that "
        "no other program uses it, and that you may use USB devices"
    ]


@pytest.mark.parametrize(
    ("bitstream", "board", "message"),
    [
        (
            "chip.bin",
            "icebreaker",
            "icebreaker is loaded with iceprog or openFPGALoader, none is",
        ),
        ("chip.bit", "icebreaker", "a bitstream for icebreaker must end in .bin, got 'chip.bit'; give what"),
        ("none.bin", "icebreaker", "cannot read none.bin: No such file or directory; build it first"),
        ("empty.bin", "icebreaker", "empty.bin must be a bitstream, it is empty; build it again"),
        ("chip.bin", "nowhere", "unknown board 'nowhere'; known boards: "),
    ],
)
def test_what_cannot_be_loaded_is_one_line(place, bitstream, board, message):
    (place / "empty.bin").touch()
    code, out, err = run("load", bitstream, "--board", board)
    assert (code, out, err.count("\n")) == (2, "", 1) and message in err


def test_a_bitstream_of_another_board_is_refused(place):
    install(place, "iceprog")
    report = {"bitstream": "build/chip.bin", "board": "icesugar"}
    (place / "report.json").write_text(json.dumps(report))
    code, _, err = run("load", "chip.bin", "--board", "icebreaker")
    assert code == 2 and "chip.bin was built for icesugar, got --board icebreaker; build it for that" in err
    (place / "report.json").write_text("{}")
    assert run("load", "chip.bin", "--board", "icebreaker")[0] == 0
