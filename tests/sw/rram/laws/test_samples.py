"""Files of samples: what spreadsheets and instruments leave, taken or refused with what to do."""

from pathlib import Path

import pytest

from sw.errors import EngramError
from sw.rram.laws.samples import samples_of

HEADER = "level,time_seconds,g_siemens\n"
GOOD = HEADER + "0,1,1e-6\n1,1,5e-6\n1,1,6e-6\n"
FILE = Path("cells.csv")


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode(),
        GOOD.encode("utf-8-sig"),
        GOOD.replace("\n", "\r\n").encode("utf-8-sig"),
        GOOD.replace("\n", "\r").encode(),
        GOOD.strip().encode(),
        (GOOD + "\n").encode(),
        (GOOD + "\r\n \n,,\n\n").encode(),
        GOOD.replace("level,time_seconds,g_siemens", '"level","time_seconds","g_siemens"').encode(),
        GOOD.replace(",", " , ").encode(),
        GOOD.replace("5e-6", '"+5.0E-06"').replace("1e-6", ".000001").encode(),
        b"g_siemens,level,time_seconds\n1e-6,0,1\n5e-6,1,1\n6e-6,1,1\n",
    ],
)
def test_what_makes_no_difference_is_taken(content):
    samples, lines = samples_of(content, FILE)
    assert samples == {(0, 1): [1e-6], (1, 1): [5e-6, 6e-6]}
    assert lines == {(0, 1): 2, (1, 1): 3}


COLUMNS = "line 1 must name the columns level,time_seconds,g_siemens, got "
NO_COMMA = "; a number has a decimal point, no comma"
OF_G = "line 3: g_siemens must be a number from 0 to 0.001, got "
LEAVE_OUT = "; leave lines without a measurement out"


def row(*values):
    return GOOD.replace("1,1,5e-6", ",".join(values))


REFUSALS = {
    "nothing": ("", COLUMNS + "''"),
    "other columns": ("level,t,g_siemens\n", COLUMNS + "'level,t,g_siemens'; time_seconds missing"),
    "more columns": ("level,time_seconds,g_siemens,v\n", "g_siemens,v'; leave other columns out"),
    "semicolons": (GOOD.replace(",", ";"), "; these are separated by semicolons: use commas, and a point"),
    "tabs": (GOOD.replace(",", "\t"), "; these are separated by tabs: use commas, and a point"),
    "blanks": (GOOD.replace(",", " "), "; these are separated by blanks: use commas"),
    "semicolons, capitals, units": ("Level;Time_Seconds;G_Siemens (uS)\n", "are separated by semicolons"),
    "comment": ("# array 7\n" + GOOD, COLUMNS + "'# array 7'; leave comment lines out"),
    "separator named": ("sep=,\n" + GOOD, "'sep=,'; leave that line out, and separate values by commas"),
    "no names": (GOOD.removeprefix(HEADER), "; put a line with the names above the numbers"),
    "comma at the end": (GOOD.replace("\n", ",\n"), "; leave the comma at the end of all lines out"),
    "index": (GOOD.replace("\n", "\n0,").replace("level", ",level", 1), "; leave the index in the first"),
    "capitals": (GOOD.replace("level,time", "Level,TIME"), "; write the names in small letters"),
    "unit": (GOOD.replace("siemens", "siemens [uS]"), "; leave units out of the names; values"),
    "decimal comma": (row("1", "1", "5", "02e-6"), "line 3 must hold 3 values, got 4" + NO_COMMA),
    "decimal comma in quotes": (row("1", "1", '"5,02e-6"'), OF_G + "'5,02e-6'" + NO_COMMA),
    "comma at the end of a line": (row("1", "1", "5e-6", ""), "got 4; leave the comma at the end"),
    "blank line": (row(""), "line 3 must hold 3 values, got 0; leave blank lines out"),
    "comment within": (row("# pause"), "line 3 must hold 3 values, got 1; leave comment lines out"),
    "another separator": (row("1;1;5e-6"), "line 3 must hold 3 values, got 1; separate values by commas"),
    "value missing": (row("1", "1"), "line 3 must hold 3 values, got 2" + LEAVE_OUT),
    "value empty": (row("1", "1", " "), OF_G + "''" + LEAVE_OUT),
    "nan": (row("1", "1", "NaN"), OF_G + "'NaN'" + LEAVE_OUT),
    "not there": (row("1", "1", "#N/A"), OF_G + "'#N/A'" + LEAVE_OUT),
    "infinite": (row("1", "1", "inf"), OF_G + "'inf'" + LEAVE_OUT),
    "too large for a float": (row("1", "1", "1e999"), OF_G + "'1e999'"),
    "Fortran": (row("1", "1", "5.02D-06"), OF_G + "'5.02D-06'; the exponent is written with an e"),
    "unit behind": (row("1", "1", "5 uS"), OF_G + "'5 uS'; write the number without its unit"),
    "negative": (row("1", "1", "-1e-9"), OF_G + "'-1e-9'; take the offset of the instrument off"),
    "millisiemens": (row("1", "1", "0.06"), "values are in siemens: if 0.06 is in millisiemens, write 6e-05"),
    "microsiemens": (row("1", "1", "60"), "if 60 is in microsiemens, write 6e-05"),
    "ohms": (row("1", "1", "20000"), "if 20000 is in ohms, write 5e-05"),
    "underscore": (row("1", "1_0", "5e-6"), "time_seconds must be a number from 1e-12 to 1e+12, got '1_0'"),
    "no time": (row("1", "0", "5e-6"), "got '0'; times are from programming on, in seconds"),
    "level named": (row("low", "1", "5e-6"), "line 3: level must be a number, got 'low'"),
    "open quote": (row("1", "1", '"' + 140_000 * "5"), "line 3 must be CSV, it is not: field larger than"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_what_could_change_a_number_is_refused_with_what_to_do(case):
    text, message = REFUSALS[case]
    with pytest.raises(EngramError) as refusal:
        samples_of(text.encode(), FILE)
    said = str(refusal.value)
    assert said.startswith("cells.csv: line ") and message in said and "\n" not in said


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_are_named(coding):
    with pytest.raises(EngramError) as refusal:
        samples_of(GOOD.encode(coding), FILE)
    assert str(refusal.value) == (
        "cells.csv must be a CSV file in UTF-8, it is in UTF-16 or is no text; save it as UTF-8"
    )


def test_other_encodings_are_refused_with_the_line():
    with pytest.raises(EngramError) as refusal:
        samples_of(GOOD.replace("6e-6", "6 \u00b5S").encode("cp1252"), FILE)
    assert str(refusal.value) == (
        "cells.csv must be a CSV file in UTF-8, line 4 has byte 0xb5 of another encoding such as cp1252; "
        "save it as UTF-8"
    )
