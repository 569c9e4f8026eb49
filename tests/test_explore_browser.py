"""The page in a real browser: a silent console, no network, charts that are drawn, nothing too wide."""

from importlib.util import find_spec

import pytest

from sw.explore.choice import choice_of
from sw.explore.page import write_page
from tests.browser import MISSING, visit
from tests.explorations import AXES, exploration, with_rows

pytestmark = pytest.mark.skipif(
    find_spec("PySide6") is None or find_spec("PySide6.QtWebEngineCore") is None, reason=MISSING
)

FOUND = exploration()
NASTY = """</script><img src=x onerror=alert(1)><a href="https://example.org">&amp;'"$"""

READY = """
const wait = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds));
const until = async (done) => { for (let turn = 0; turn < 1200 && !done(); turn++) await wait(50); };
await until(() => document.documentElement.dataset.drawn);
const count = (selector) => document.querySelectorAll(selector).length;
const points = () => count("#scatter .points path.point");
"""

LOOK = """
const inner = document.documentElement.clientWidth;
const all = (selector) =>
  [...document.querySelectorAll(selector)].filter((each) => !each.closest("#js-plotly-tester"));
const shown = (each) => each.outerHTML.slice(0, 80);
const box = (each) => each.getBoundingClientRect();
const letters = (each) => parseFloat(getComputedStyle(each).fontSize);
const written = (each) =>
  [...each.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
return {
  page: document.documentElement.scrollWidth - inner,
  outside: all("body *").filter((each) => !each.closest(".scroll *") && box(each).width &&
    (box(each).right > inner + 0.5 || box(each).left < -0.5)).map(shown),
  small: all("select, button").filter((each) => box(each).height < 44 || letters(each) < 16).map(shown),
  tiny: all("header *, main *, footer *").filter((each) => written(each) && letters(each) < 11).map(shown),
  failed: all(".chart").filter((each) => /cannot draw|WebGL/.test(each.textContent)).map(shown),
  images: count("img"),
  points: points(),
  lines: count("#curves .scatterlayer .trace"),
  bars: count("#energy .bars .point"),
  axes: count("#parallel .y-axis"),
  picked: document.querySelector("#picked h3")?.textContent,
};
"""
CHANGE = """
const texts = (selector) => [...document.querySelectorAll(selector)].map((each) => each.textContent);
const set = async (id, value) => {
  const control = document.getElementById(id);
  control.value = value;
  control.dispatchEvent(new Event("change"));
  await wait(500);
};
const seen = { all: points() };
await set("filter-rows", "1");
seen.filtered = [points(), document.querySelector("#left").textContent.split(" ").slice(0, 4).join(" ")];
document.querySelector("#all").click();
await wait(500);
seen.again = points();
await set("x", "latency_ns");
await set("y", "area_mm2");
await set("by", "adc_bits");
seen.titles = texts("#scatter .xtitle, #scatter .ytitle");
seen.legend = texts("#scatter .legendtext");
await set("parts", "array");
seen.bars = count("#energy .bars .point");
document.querySelector("table.sortable th").click();
seen.sorted = texts("table.sortable tbody td:first-child").map(Number);
return seen;
"""
GOOD = {"page": 0, "outside": [], "small": [], "tiny": [], "failed": [], "images": 0}


def look(tmp_path, found, width, script=LOOK):
    write_page(found, tmp_path / "page.html")
    got = visit(tmp_path / "page.html", width, READY + script)
    assert got["console"] == []
    assert got["requests"] == []
    return got["value"]


@pytest.mark.parametrize("width", [390, 1280])
def test_charts_are_drawn_and_nothing_is_too_wide(width, tmp_path):
    seen = look(tmp_path, FOUND, width)
    assert seen == GOOD | {
        "points": 18 + 1,  # the recommended one twice
        "lines": 3,
        "bars": 4 * len(FOUND.front),
        "axes": 3 + 3,
        "picked": f"Point {choice_of(FOUND).point}, recommended",
    }


def test_controls_change_the_charts(tmp_path):
    seen = look(tmp_path, FOUND, 1280, CHANGE)
    assert seen["all"] == 19
    assert seen["filtered"] == [6 + (choice_of(FOUND).point // 6 == 1), "6 of 18 points."]
    assert seen["again"] == 19
    assert seen["titles"] == ["latency of the array, ns", "area of arrays and ADCs, mm²"]
    assert seen["legend"] == ["ADC bits 4", "ADC bits 6", "ADC bits ideal", "recommended"]
    assert seen["bars"] == 3 * len(FOUND.front)
    assert seen["sorted"] == sorted(FOUND.front)


@pytest.mark.parametrize(
    "found",
    [
        with_rows(FOUND, []),
        with_rows(FOUND, FOUND.rows[:1]),
        with_rows(FOUND, [{"point": 3, "accuracy_mean": 0.5}], "accuracy"),
        exploration(
            finished=False,
            rows=[{**row, "bundle": NASTY, "device": f"{NASTY}{row['point'] % 2}"} for row in FOUND.rows],
            axes=AXES | {"bundle": [NASTY], "device": [f"{NASTY}0", f"{NASTY}1"]},
            bundles={NASTY: "0"},
        ),
    ],
    ids=["empty", "one point", "nothing but accuracy", "strange names"],
)
def test_small_and_strange_ones_on_a_phone(found, tmp_path):
    seen = look(tmp_path, found, 390)
    assert {name: seen[name] for name in GOOD} == GOOD
    assert seen["points"] == (len(found.rows) + 1 if found.rows else 0)
