"""File of measured conductances: CSV with the columns level, time_seconds, g_siemens.

Byte order mark, line ends of any system, quotes and blank lines at the end make no difference. Whatever could
change a number is refused with the line that has it, and with what to do: separators and decimal commas of
other countries, units, gaps. Nothing is guessed.
"""

import csv
import re
from collections.abc import Iterator
from math import inf
from pathlib import Path

from sw.errors import EngramError
from sw.rram.laws.siemens import MOST_SIEMENS, unit_hint
from sw.texts import text_of

__all__ = ["COLUMNS", "Samples", "samples_of"]

COLUMNS = ("level", "time_seconds", "g_siemens")
LIMITS = {"level": (-inf, inf), "time_seconds": (1e-12, 1e12), "g_siemens": (0.0, MOST_SIEMENS)}
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
"""Not all that Python takes: 1_000 and inf are no measurements."""
DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?", re.ASCII)
FORTRAN = re.compile(r"[-+]?[\d.]+[dD][-+]?\d+", re.ASCII)
WITH_UNIT = re.compile(r"[-+]?[\d.]+([eE][-+]?\d+)?\s*[^\d\s.,+-].*", re.ASCII)
SHOWN = 80
"""Characters of a line that a message shows."""

Samples = dict[tuple[float, float], list[float]]
"""Conductances by level and time."""


def samples_of(content: bytes, path: Path) -> tuple[Samples, dict[tuple[float, float], int]]:
    """Samples of a file by level and time, and the line in which each pair comes first.

    Raises
    ------
    EngramError
        If it is no such file, or a value is missing or implausible; the line is named.
    """
    text = text_of(content, path, "a CSV file").rstrip()
    rows = _rows(text, path)
    _, header = next(rows, (1, []))
    names = [name.strip() for name in header]
    if sorted(names) != sorted(COLUMNS):
        line = text.splitlines()[0] if text else ""
        hint = _header_hint(line, names)
        raise EngramError(
            f"{path}: line 1 must name the columns {','.join(COLUMNS)}, got {line.strip()[:SHOWN]!r}"
            + (f"; {hint}" if hint else "")
        )
    found = list(rows)
    while found and not any(
        cell.strip() for cell in found[-1][1]
    ):  # a spreadsheet leaves ",," of emptied lines
        found.pop()
    samples: Samples = {}
    lines: dict[tuple[float, float], int] = {}
    for number, row in found:
        if len(row) != len(names):
            hint = _row_hint(row, len(names))
            raise EngramError(
                f"{path}: line {number} must hold {len(names)} values, got {len(row)}"
                + (f"; {hint}" if hint else "")
            )
        given = dict(zip(names, row, strict=True))
        level, time, g = (_number(given[column].strip(), column, path, number) for column in COLUMNS)
        lines.setdefault((level, time), number)
        samples.setdefault((level, time), []).append(g)
    return samples, lines


def _rows(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Lines with their numbers, from 1 on."""
    reader = csv.reader(text.splitlines())
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise EngramError(f"{path}: line {reader.line_num} must be CSV, it is not: {error}") from None


def _header_hint(line: str, names: list[str]) -> str:
    """What to do about a first line that names other columns; empty where nothing fits."""
    if not line.strip():
        return ""
    if line.lstrip().startswith(("#", "%", "//", "!")):
        return "leave comment lines out"
    if line.lower().lstrip('"').startswith("sep="):
        return "leave that line out, and separate values by commas"
    for separator, called in SEPARATORS.items():
        if separator in line and _like_columns(line.split(separator)):
            return f"these are separated by {called}: use commas, and a point in numbers"
    if all(NUMBER.fullmatch(name) for name in names):
        return "put a line with the names above the numbers"
    if names[-1] == "" and _like_columns(names[:-1]):
        return "leave the comma at the end of all lines out"
    if names[0] == "" and _like_columns(names[1:]):
        return "leave the index in the first column out (of pandas: index=False)"
    if sorted(name.lower() for name in names) == sorted(COLUMNS):
        return "write the names in small letters"
    if _like_columns(names):
        return "leave units out of the names; values are in siemens and seconds, 5 uS is 5e-6"
    missing = [column for column in COLUMNS if column not in names]
    return f"{', '.join(missing)} missing" if missing else "leave other columns out"


def _like_columns(names: list[str]) -> bool:
    """Whether every column is named, with whatever capitals, quotes and units."""
    words = [re.match(r"\w*", name.strip(' "').lower()) for name in names]
    return sorted(word[0] if word else "" for word in words) == sorted(COLUMNS)


def _row_hint(row: list[str], columns: int) -> str:
    """What to do about a line with another number of values; empty where nothing fits."""
    if not any(cell.strip() for cell in row):
        return "leave blank lines out"
    if row[0].lstrip().startswith(("#", "%", "//", "!")):
        return "leave comment lines out"
    if len(row) > columns:
        if not any(cell.strip() for cell in row[columns:]):
            return "leave the comma at the end of all lines out"
        return "a number has a decimal point, no comma"
    if any(separator in row[0].strip() for separator in SEPARATORS):
        return "separate values by commas"
    return "leave lines without a measurement out"


def _number(text: str, column: str, path: Path, line: int) -> float:
    low, high = LIMITS[column]
    value = float(text) if NUMBER.fullmatch(text) else inf
    if low <= value <= high and abs(value) < inf:
        return value
    limits = "a number" if high == inf else f"a number from {low:g} to {high:g}"
    hint = _number_hint(text, column)
    raise EngramError(
        f"{path}: line {line}: {column} must be {limits}, got {text[:SHOWN]!r}"
        + (f"; {hint}" if hint else "")
    )


def _number_hint(text: str, column: str) -> str:
    """What to do about a value; empty where nothing fits."""
    if text.lower().strip("+-#/") in ("", "nan", "n/a", "na", "null", "none", "inf", "infinity"):
        return "leave lines without a measurement out"
    if DECIMAL_COMMA.fullmatch(text):
        return "a number has a decimal point, no comma"
    if FORTRAN.fullmatch(text):
        return "the exponent is written with an e"
    if not NUMBER.fullmatch(text):
        return "write the number without its unit" if WITH_UNIT.fullmatch(text) else ""
    if column == "time_seconds":
        return "times are from programming on, in seconds; their logarithm is taken, which 0 has not"
    value = float(text)
    if column == "g_siemens" and value < 0:
        return "take the offset of the instrument off, or leave the line out"
    return f"values are in siemens: {unit_hint(value)}" if column == "g_siemens" and value < inf else ""
