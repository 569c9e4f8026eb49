"""``engram export``: netlists, of which chip, and what is refused."""

import json

import pytest

from tests.helpers.commands import run


def test_a_netlist_has_the_tile_and_the_images_that_were_asked_for(digits, tmp_path):
    path = tmp_path / "new" / "tile.cir"
    options = ("--tile", "1,0", "--image", 3, "--image", 5, "--p-stuck-hrs", 0.05, "--json")
    code, out, err = run("export", digits[2], "--spice", path, *options)
    assert code == 0, err
    found = json.loads(out)
    assert found["tile"] == [1, 0] and found["images"] == [3, 5] and found["stuck"] > 0
    assert 0 < found["settling_seconds"] < 1e-9
    text = path.read_text(encoding="utf-8")
    assert text.startswith("* small-digits: tile 1,0 of chip 0, seed 0\n")
    assert "test images 3, 5 " in text and "wrdata tile-1-0-image-5.txt" in text
    assert ".param word_ohms=1.28 " in text


def test_a_chip_is_exported_as_it_was_programmed(digits, tmp_path):
    chip = tmp_path / "chip.engram"
    conditions = ("--word-line-ohms", 3, "--p-stuck-lrs", 0.1)
    assert run("program", digits[2], "-o", chip, "--seed", 7, *conditions)[0] == 0
    one, other = tmp_path / "one.cir", tmp_path / "other.cir"
    assert run("export", chip, "--spice", one)[0] == 0
    assert run("export", digits[2], "--spice", other, "--seed", 7, *conditions)[0] == 0
    assert one.read_text(encoding="utf-8") == other.read_text(encoding="utf-8")
    assert "seed 7\n" in one.read_text(encoding="utf-8")


def test_a_chip_that_programs_itself_has_no_conductances(digits, tmp_path):
    chip = tmp_path / "chip.engram"
    assert run("program", digits[2], "-o", chip, "--programmable")[0] == 0
    code, _, err = run("export", chip, "--spice", tmp_path / "t.cir")
    assert code == 2 and "whose conductances are known" in err
    assert not (tmp_path / "t.cir").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "must be told what to write"),
        (("--spice", "t.cir", "--tile", "9,0"), "--tile must be a row of 0 to"),
        (("--spice", "t.cir", "--tile", "one"), "got 'one'"),
        (("--spice", "t.cir", "--image", "100000"), "--image must be 0 to"),
        (("--spice", "."), "that is a folder"),
    ],
    ids=["nothing", "no such tile", "no tile", "no such image", "folder"],
)
def test_what_cannot_be_written_is_one_line(digits, tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    code, _, err = run("export", digits[2], *options)
    assert code == 2 and said in err and len(err.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())
