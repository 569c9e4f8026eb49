"""Technologies: the files that come with Engram, and those that are refused."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from sw.energy.quantity import Basis
from sw.energy.scaling import energy_factor
from sw.energy.technologies.technology import DEFAULT, FOLDER, TECHNOLOGIES, Technology, technology_named
from sw.errors import EngramError

ROOT = Path(__file__).parents[4]
NAMES = [name for name in Technology.model_fields if name != "title"]
TEXT = (FOLDER / f"{DEFAULT}.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TECHNOLOGIES)
def test_every_constant_says_where_it_is_from(name):
    technology = technology_named(name)
    for each in NAMES:
        quantity = getattr(technology, each)
        assert quantity.value > 0
        assert quantity.source
        assert ("Stillmaker" in quantity.source) == (quantity.basis is Basis.scaled), each


def test_the_nodes_that_there_are():
    nodes = {name: technology_named(name).node.value for name in TECHNOLOGIES}
    assert nodes == {"180nm": 180, "90nm": 90, "45nm": 45, "40nm": 40, "28nm": 28, "sky130": 130}
    assert DEFAULT in TECHNOLOGIES


def test_a_scaled_value_is_that_of_its_origin_by_the_law():
    there, here = technology_named("45nm").add_32_bit, technology_named("28nm").add_32_bit
    assert here.value == pytest.approx(there.value * energy_factor(45, 0.9, 28, 0.9))
    assert "0.1 pJ at 45 nm, 0.9 V (quoted)" in here.source
    assert technology_named("28nm").sram_growth == technology_named("45nm").sram_growth


def test_the_files_are_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["sw"]
    for path in FOLDER.glob("*.toml"):
        assert any(fnmatch(path.relative_to(ROOT / "sw").as_posix(), pattern) for pattern in patterns)


def test_a_file_of_the_user(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace("value = 1.8", "value = 1.2"), encoding="utf-8")
    mine = technology_named(str(path))
    assert mine.register_clock == technology_named(DEFAULT).register_clock
    assert mine.add_32_bit.value < technology_named(DEFAULT).add_32_bit.value


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (TEXT[TEXT.index("[wire_resistance]") :], "", "wire_resistance must be given, it is not"),
        ("value = 494.0", "value = -494.0", "sram_bit.value: Input should be greater than or equal to 0"),
        ('unit = "fF/um"', 'unit = "pF/um"', "unit must be 'fF/um', got 'pF/um'"),
        ("value = 494.0\n", "", "value must be given in [sram_bit], it is not"),
        ("[sram_bit]", "[sram]", "unknown key 'sram'; known: title, node, supply, "),
        ('scaled = "45nm"', 'scaled = "65nm"', "scaled in [multiply_32_bit] must be one of 180nm, 28nm"),
        ('scaled = "45nm"', 'scaled = "40nm"', "must have a value of its own, 40nm has none to scale"),
        ("value = 8192", "value = 0", "sram_size: value must be above 0, got 0"),
        ("value = 1.8", "value = 0", "supply: value must be above 0, got 0"),
        ("value = 130", "value = 250", "must have a node from 7 to 180 nm, got 250 nm"),
        (
            TEXT[TEXT.index("[wire_capacitance]") : TEXT.index("[wire_resistance]")],
            '[wire_capacitance]\nscaled = "45nm"\n',
            "wire_capacitance must have a value of its own, wires do not follow Stillmaker",
        ),
    ],
)
def test_files_that_are_refused(tmp_path, old, new, said):
    assert old in TEXT
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(EngramError, match=re.escape(said)) as refused:
        technology_named(str(path))
    assert "\n" not in str(refused.value)


def test_names_that_nobody_has():
    with pytest.raises(EngramError, match=r"a technology must be a .*sky130, got '65nm'"):
        technology_named("65nm")
    with pytest.raises(EngramError, match=r"cannot read nowhere\.toml"):
        technology_named("nowhere.toml")


PAGE_ROWS = {
    "supply, V": "supply",
    "32-bit multiplication, pJ": "multiply_32_bit",
    "32-bit addition, pJ": "add_32_bit",
    "SRAM, a bit moved, fJ": "sram_bit",
    "register bit, a clock cycle, fJ": "register_clock",
    "and where it changes, fJ": "register_change",
    "register bit, um2": "register_area",
    "SRAM bit, um2": "sram_bit_area",
    "wire, fF/um": "wire_capacitance",
    "wire, ohm/um": "wire_resistance",
}


def test_the_page_has_the_values_of_the_files():
    page = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    heading = next(row for row in rows if "`sky130`" in row)
    technologies = [technology_named(name.strip("`")) for name in heading]
    marks = {Basis.scaled: " s", Basis.assumed: " a"}
    found = {row[0]: row[1:] for row in rows}
    for label, name in PAGE_ROWS.items():
        quantities = [getattr(technology, name) for technology in technologies]
        assert found[label] == [f"{each.value:.3g}{marks.get(each.basis, '')}" for each in quantities], label
