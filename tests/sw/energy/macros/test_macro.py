"""Macros: the files that come with Engram, and those that are refused."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from sw.energy.macros.macro import FOLDER, MACROS, macro_named
from sw.energy.technologies.technology import FOLDER as TECHNOLOGIES_FOLDER
from sw.energy.technologies.technology import TECHNOLOGIES
from sw.errors import EngramError

ROOT = Path(__file__).parents[4]
TECHNOLOGY = (TECHNOLOGIES_FOLDER / "sky130.toml").read_text(encoding="utf-8")
TEXT = (FOLDER / "neurram.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MACROS)
def test_every_constant_says_where_it_is_from(name):
    macro = macro_named(name)
    assert macro.name == name
    assert macro.technology in TECHNOLOGIES
    assert macro.lacks
    assert macro.node.supply.value > 0
    assert len(macro.quantities) == 18
    assert all(each.source for each in macro.quantities.values())


def test_the_macros_that_there_are():
    names = {"acam-9t4r", "neurram", "sapiens", "tcam-3t1r1c", "tcam-pcm", "xnor-rram"}
    assert set(MACROS) == names | {"28nm-1t1r", "sky130-1t1r"}


def test_the_files_are_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["sw"]
    for path in FOLDER.glob("*.toml"):
        assert any(fnmatch(path.relative_to(ROOT / "sw").as_posix(), pattern) for pattern in patterns)


def test_a_file_of_the_user(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TEXT, encoding="utf-8")
    mine = macro_named(str(path))
    assert mine.name == "mine"
    assert mine.cell == macro_named("neurram").cell


def test_a_technology_of_the_user_lies_where_its_macro_says(tmp_path):
    (tmp_path / "node.toml").write_text(
        TECHNOLOGY.replace("value = 494.0", "value = 247.0"), encoding="utf-8"
    )
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace('technology = "sky130"', 'technology = "node.toml"'), encoding="utf-8")
    mine = macro_named(str(path))
    assert mine.node.sram_bit.value == 247
    assert mine.technology == str(tmp_path / "node.toml")


def test_a_constant_has_the_source_of_the_file_unless_it_names_one():
    sense = macro_named("neurram").sense
    assert sense.decision.source == macro_named("neurram").source
    assert sense.per_decision.source != sense.decision.source


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "value = 4.252",
            "value = -4.252",
            "cell.area.value: Input should be greater than or equal to 0, got -4.252",
        ),
        ("[cell.area]", "[cell.size]", "unknown key 'size' in [cell]; known: kind, match, mismatch, area"),
        (
            TEXT[TEXT.index("[sense.decision]") : TEXT.index("[control.read]")],
            "",
            "decision must be given in [sense]",
        ),
        ("value = 1270.0\n", "", "value must be given in [sense.area], it is not"),
        ('unit = "V2"', 'unit = "V"', "lines.swing: unit must be 'V2', got 'V'"),
        (
            'kind = "neuron"',
            'kind = "slope"',
            "sense.kind: Input should be 'neuron', 'sar', 'ramp', 'flash' or",
        ),
        ('technology = "sky130"', 'technology = "7nm"', "a technology must be a *.toml file or one of"),
        ("rows = 128", "rows = 0", "geometry.rows: Input should be greater than or equal to 1, got 0"),
        ("signed = true\n", "", "inputs.signed: Field required"),
        (
            'figure = "drivers"',
            'figure = "cells"',
            "points must name figures under [[measured]], got 'drivers'",
        ),
        (
            'figure = "core"\n',
            'figure = "neurons, 3/1 bits"\n',
            "points must name figures under [[measured]]",
        ),
        (
            'figure = "throughput of 48 cores, 4/2 bits"',
            'figure = "efficiency, 3/1 bits"',
            "figures under [[measured]] must have different names",
        ),
        (
            'value = 0.39\nunit = "1"',
            'value = 1.0\nunit = "1"',
            "control.share: value must be below 1, got 1",
        ),
        ("[control.read]", "[control.more]", "unknown key 'more' in [control]; known: read, share"),
        ('quantity = "area"', 'quantity = "price"', "measured.34.quantity: Input should be"),
    ],
)
def test_files_that_are_refused(tmp_path, old, new, said):
    assert old in TEXT
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(EngramError, match=re.escape(said)) as refused:
        macro_named(str(path))
    assert "\n" not in str(refused.value)


def test_a_part_that_is_no_table(tmp_path):
    path = tmp_path / "mine.toml"
    parts = "".join(f"{part} = 3\n" for part in ("geometry", "inputs", "cell", "lines", "sense", "control"))
    path.write_text(f'title = "a"\nsource = "b"\ntechnology = "sky130"\n{parts}', encoding="utf-8")
    with pytest.raises(EngramError, match="cell must be a table, got 3"):
        macro_named(str(path))


def test_names_that_nobody_has():
    with pytest.raises(EngramError, match=r"a macro must be a .*neurram, .*got 'isaac'"):
        macro_named("isaac")
    with pytest.raises(EngramError, match=r"cannot read nowhere\.toml"):
        macro_named("nowhere.toml")
