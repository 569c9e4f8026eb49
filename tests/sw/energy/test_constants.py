"""Constants of the energy model: the file that comes with Engram, and files that are refused."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from sw.energy.constants import DEFAULT, Constants, read_constants
from sw.errors import EngramError

ROOT = Path(__file__).parents[3]
TEXT = DEFAULT.read_text(encoding="utf-8")


@pytest.fixture
def read(tmp_path):
    def from_text(text):
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return read_constants(path)

    return from_text


def test_every_constant_has_a_node_and_a_source():
    constants = read_constants()
    for name in Constants.model_fields:
        constant = getattr(constants, name)
        assert constant.node
        cited = re.search(r"arXiv \d{4}\.\d{5}|doi 10\.|Survey", constant.source)
        assert ("assumption: " in constant.source) == constant.assumption
        assert cited or constant.assumption, name


def test_the_file_is_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["sw"]
    assert any(fnmatch(DEFAULT.relative_to(ROOT / "sw").as_posix(), pattern) for pattern in patterns)


def test_a_changed_copy_is_read(read):
    assert read(TEXT.replace("value = 41.5", "value = 25")).adc_step.value == 25.0
    assert read(TEXT) == read_constants()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[adc_step]", "[adc]", "{}: unknown key 'adc'; known: paper_mac, paper_cell, multiply_32_bit, "),
        (
            'unit = "V"',
            'units = "V"',
            "{}: unknown key 'units' in [word_line_swing]; known: value, unit, node, source, assumption",
        ),
        ("value = 41.5\n", "", "{}: value must be given in [adc_step], it is not"),
        (TEXT[TEXT.index("[adc_step]") :], "", "{}: adc_step must be given, it is not"),
        (
            "value = 41.5",
            "value = -1",
            "{}: adc_step.value: Input should be greater than or equal to 0, got -1",
        ),
        ("value = 41.5", "value = nan", "{}: adc_step.value: Input should be a finite number, got nan"),
        ("value = 41.5", "value = inf", "{}: adc_step.value: Input should be a finite number, got inf"),
        ("value = 41.5", "value = true", "{}: adc_step.value: Input should be a valid number, got True"),
        ("value = 41.5", 'value = "41.5"', "{}: adc_step.value: Input should be a valid number, got '41.5'"),
        ('unit = "V"', 'unit = "mV"', "{}: word_line_swing: unit must be 'V', got 'mV'"),
        ('unit = "V"', "unit = 3", "{}: word_line_swing.unit: Input should be a valid string, got 3"),
        ('node = "any"', 'node = ""', "{}: counter.node: String should have at least 1 character"),
        (TEXT, "adc_step = 3\n" + TEXT.replace("[adc_step]", "[adc]"), "{}: unknown key 'adc'; known"),
        (TEXT, "x = 3\n", "{}: unknown key 'x'; known: paper_mac"),
        (
            TEXT,
            "[[paper_mac]]\n" + TEXT.partition("[paper_mac]")[2],
            "{}: paper_mac must be a table, got [{{",
        ),
        (TEXT, "[adc_step", "{} must be a TOML file: "),
    ],
)
def test_files_that_are_not_exactly_right_are_refused_in_one_line(read, tmp_path, old, new, message):
    assert old in TEXT
    with pytest.raises(EngramError) as refusal:
        read(TEXT.replace(old, new))
    assert str(refusal.value).startswith(message.format(tmp_path / "mine.toml"))
    assert "\n" not in str(refusal.value)


def test_files_that_are_no_text_or_not_there_are_refused(tmp_path):
    with pytest.raises(EngramError, match=r"cannot read .*none\.toml: No such file"):
        read_constants(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(EngramError, match=r"bytes\.toml must be a TOML file in UTF-8"):
        read_constants(tmp_path / "bytes.toml")
