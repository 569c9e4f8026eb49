"""The page of an exploration as a file: what it holds, and that names can break nothing."""

import base64
import gzip
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from sw.errors import EngramError
from sw.explore.outcome.results import read_results, write_results
from sw.explore.page.chosen_point import choice_of
from sw.explore.page.data import page_data
from sw.explore.page.page import page_of, write_page
from tests.helpers.explorations import AXES, exploration, with_rows

FOUND = exploration()
NASTY = """x</script><img src=x onerror=alert(1)>&amp;'"$HOME{0}<!--"""
VOID = {"meta", "link", "input", "br", "img"}


class Reader(HTMLParser):
    """Tags, attributes and texts of a page; complains where tags do not match."""

    def __init__(self, page):
        super().__init__()
        self.open, self.seen, self.texts = [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if self.open and self.open[-1] not in {"script", "style"}:
            self.texts.append(text.strip())

    @property
    def text(self):
        return " ".join(filter(None, self.texts))


def unpacked(page, identity):
    packed = re.search(f'<script type="text/plain" id="{identity}">([A-Za-z0-9+/=]*)</script>', page)
    return gzip.decompress(base64.b64decode(packed[1])).decode()


def data_of(found):
    """As the page has it, and equal to what was to be packed."""
    data = json.loads(unpacked(page_of(found), "data"))
    assert data == page_data(found, choice_of(found))
    return data


def test_one_file_that_loads_nothing():
    page = page_of(FOUND)
    for tag, attributes in Reader(page).seen:
        assert "src" not in attributes and tag not in {"iframe", "object", "embed", "base", "form"}
        assert tag != "link" or attributes["href"] == "data:,"
        assert tag != "a"
    assert "default-src 'none'" in page and "connect-src" not in page
    assert unpacked(page, "plotly").startswith("/**\n* plotly.js v")
    assert page == page_of(exploration())


def test_what_it_says():
    text = Reader(page_of(FOUND)).text
    for expected in (
        "Which array to build for zoo:digits",
        FOUND.command,
        FOUND.digest,
        "cd" * 32,
        "digits; 181 validation images, 355 test images",
        "18 arrays, each in 10 modelled chips",
        "Pareto front of accuracy, energy and latency",
        "is modelled: all cells and ADCs of all tiles, used or not",
    ):
        assert expected in text
    assert "Interrupted" not in text and "Built" not in text


def test_the_table_has_the_front():
    page = page_of(FOUND)
    (table,) = re.findall(r'<table class="sortable">.*?</table>', page, re.DOTALL)
    headings = re.findall(r'<th scope="col">(.*?)</th>', table)
    rows = [
        re.findall(r"<td[^>]*>(.*?)</td>", row)
        for row in re.findall(r"<tr.*?>(.*?)</tr>", table, re.DOTALL)[1:]
    ]
    assert [int(row[0]) for row in rows] == FOUND.front
    at = headings.index("ADC bits")
    assert [row[at] for row in rows] == [
        {4: "4", 6: "6", 0: "ideal"}[FOUND.row(point)["adc_bits"]] for point in FOUND.front
    ]
    assert {row[headings.index("test accuracy, %")] for row in rows} == {"97.00"}
    assert all(len(row) == len(headings) for row in rows)
    assert page.count('<tr class="chosen">') == 2


def test_data_are_the_rows():
    data = data_of(FOUND)
    for column in ("accuracy_mean", "energy_full_nj", "energy_adc_nj", "latency_ns"):
        assert data["columns"][column] == [float(f"{row[column]:.6g}") for row in FOUND.rows]
    texts = data["axes"]["adc_bits"]["texts"]
    assert texts == ["4", "6", "ideal"]
    assert [texts[place] for place in data["columns"]["adc_bits"]] == [
        "4",
        "4",
        "6",
        "6",
        "ideal",
        "ideal",
    ] * 3
    assert [data["columns"]["point"][place] for place in data["front"]] == FOUND.front
    assert data["columns"]["point"][data["chosen"]] == choice_of(FOUND).point
    assert [part["name"] for part in data["parts"]] == ["MACs", "quantiser", "cells", "ADC"]


def test_names_can_break_nothing():
    rows = [{**row, "bundle": NASTY, "device": f"{NASTY}{row['point'] % 2}"} for row in FOUND.rows]
    axes = AXES | {"bundle": [NASTY], "device": [f"{NASTY}0", f"{NASTY}1"]}
    hostile = exploration(
        rows=rows,
        axes=axes,
        bundles={NASTY: NASTY},
        command=f"engram explore {NASTY}",
        data=NASTY,
        digest=NASTY,
        search=NASTY,
        left_out={NASTY: 3},
        recommended={"point": 2, "wish": NASTY, "files": [NASTY]},
        built={2: {"error": NASTY}},
    )
    plain = Reader(page_of(exploration(axes=AXES | {"device": ["a", "b"]}, left_out={"a": 3})))
    read = Reader(page_of(hostile))
    assert {tag for tag, _ in read.seen} <= {tag for tag, _ in plain.seen} | {"code"}
    assert not any(name.startswith("on") for _, attributes in read.seen for name in attributes)
    assert read.text.count(NASTY) >= 9


def test_interrupted():
    found = exploration(finished=False, tested={})
    text = Reader(page_of(found)).text
    assert "Interrupted. This page is about the points that are done" in " ".join(text.split())
    assert "None of them has been run on the test images." in text


def test_a_wish_that_was_granted():
    granted = {
        "point": FOUND.front[0],
        "wish": "min energy",
        "tested": {"accuracy_mean": 0.9123},
        "files": ["recommended.engram", "recommended.csv"],
    }
    text = Reader(page_of(replace(FOUND, recommended=granted))).text
    assert f"Recommended: point {FOUND.front[0]}" in text
    for expected in ("91.23 % the same on all 355 test images", "min energy", "recommended.engram"):
        assert expected in text


def test_points_that_do_not_fit_are_said_to_be_left_out():
    rows = [{**row, "fpga_luts": 100, "fpga_fits": row["point"] > 1} for row in FOUND.rows]
    said = "2 points that do not fit the FPGA were left out of the front"
    assert said in Reader(page_of(with_rows(FOUND, rows, "accuracy", "lut"))).text
    assert said not in Reader(page_of(with_rows(FOUND, rows, "accuracy", "energy"))).text


def test_points_that_were_built():
    built = {
        4: {"luts": 4321, "luts_estimated": 4300, "brams": 20, "brams_estimated": 21}
        | {"cycles": 3559, "cycles_estimated": 3558, "fmax_mhz": 29.44, "bitstream": "x.bin"}
        | {"mismatches": 1, "rtl_images": 20, "front_end": "folded 4x4x1x1"},
        5: {"error": "does not fit"},
    }
    text = Reader(page_of(exploration(built=built))).text
    assert "4 4,321 (4,300) 20 (21) 3,559 (3,558) 29.4 1 of 20 folded 4x4x1x1 5 does not fit" in text


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (with_rows(FOUND, []), "No point has been computed."),
        (with_rows(FOUND, FOUND.rows[:1]), "It is the only point of the front."),
        (with_rows(FOUND, [{"point": 3, "accuracy_mean": 0.5}], "accuracy"), "no energy by part"),
        (
            with_rows(FOUND, [{"point": 3, "accuracy_mean": 0.5}], "accuracy"),
            "no rows, ADC bits",
        ),
        (replace(FOUND, front=[], tested={}), "There is no Pareto front."),
        (exploration(axes={}), "Recommended"),
        (with_rows(FOUND, [{**FOUND.rows[0], "latency_ns": float("nan")}], "accuracy"), "only point"),
    ],
    ids=["empty", "one point", "no energy", "no sizes", "no front", "no axes", "not a number"],
)
def test_small_ones_say_so(found, said):
    assert said in Reader(page_of(found)).text
    data_of(found)


def test_files(tmp_path):
    write_results(FOUND, tmp_path)
    write_page(read_results(tmp_path), tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page_of(FOUND)
    with pytest.raises(EngramError, match="cannot write"):
        write_page(FOUND, tmp_path / "page.html" / "below")
