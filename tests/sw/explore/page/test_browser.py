"""The page in a real browser: a silent console, no network, charts that are drawn, nothing too wide."""

import pytest

from sw.explore.page.chosen_point import choice_of
from sw.explore.page.page import write_page
from tests.helpers.browser import HERE, MISSING, Found, Visit, visited
from tests.helpers.explorations import AXES, exploration, with_rows

FOUND = exploration()
NASTY = """</script><img src=x onerror=alert(1)><a href="https://example.org">&amp;'"$"""

STRANGE = exploration(
    finished=False,
    rows=[{**row, "bundle": NASTY, "device": f"{NASTY}{row['point'] % 2}"} for row in FOUND.rows],
    axes=AXES | {"bundle": [NASTY], "device": [f"{NASTY}0", f"{NASTY}1"]},
    bundles={NASTY: "0"},
)

READY = """
const wait = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds));
const until = async (done) => { for (let turn = 0; turn < 1200 && !done(); turn++) await wait(50); };
await until(() => document.documentElement.dataset.drawn);
const count = (selector) => document.querySelectorAll(selector).length;
const points = () => count("#scatter .points path.point");
"""

LOOK = """
window.dispatchEvent(new Event("resize"));
await wait(1000);
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
  spilt: all(".chart").filter((each) => [...each.querySelectorAll(".main-svg")].some((drawn) =>
    box(drawn).bottom > box(each).bottom + 0.5)).map(shown),
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
GOOD = {"page": 0, "outside": [], "small": [], "tiny": [], "spilt": [], "failed": [], "images": 0}


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> dict[str, Found]:
    """What was found in the pages, all of them opened in one browser."""
    folder = tmp_path_factory.mktemp("pages")
    visits = {}
    for name, (found, width, script) in PAGES.items():
        page = folder / f"{name}.html"
        write_page(found, page)
        visits[name] = Visit(str(page), width, READY + script)
    return dict(zip(visits, visited(list(visits.values())), strict=True))


PAGES = {
    "phone": (FOUND, 390, LOOK),
    "desktop": (FOUND, 1280, LOOK),
    "controls": (FOUND, 1280, CHANGE),
    "empty": (with_rows(FOUND, []), 390, LOOK),
    "one point": (with_rows(FOUND, FOUND.rows[:1]), 390, LOOK),
    "accuracy": (with_rows(FOUND, [{"point": 3, "accuracy_mean": 0.5}], "accuracy"), 390, LOOK),
    "strange names": (STRANGE, 390, LOOK),
}

pytestmark = pytest.mark.skipif(not HERE, reason=MISSING)


@pytest.mark.parametrize("name", PAGES)
def test_the_console_is_silent_and_the_network_is_not_used(name, seen):
    assert (seen[name].console, seen[name].requests) == ([], [])
    assert seen[name].value is not None


@pytest.mark.parametrize("name", ["phone", "desktop"])
def test_charts_are_drawn_and_nothing_is_too_wide_or_too_small(name, seen):
    assert seen[name].value == GOOD | {
        "points": 18 + 1,  # the recommended one twice
        "lines": 3,
        "bars": 4 * len(FOUND.front),
        "axes": 3 + 3,
        "picked": f"Point {choice_of(FOUND).point}, recommended",
    }


@pytest.mark.parametrize("name", ["empty", "one point", "accuracy", "strange names"])
def test_small_and_strange_ones(name, seen):
    value, count = seen[name].value, len(PAGES[name][0].rows)
    assert {part: value[part] for part in GOOD} == GOOD
    assert value["points"] == (count + 1 if count else 0)


def test_controls_change_the_charts(seen):
    value = seen["controls"].value
    assert value["all"] == 19
    assert value["filtered"] == [6 + (choice_of(FOUND).point // 6 == 1), "6 of 18 points."]
    assert value["again"] == 19
    assert value["titles"] == ["latency of the array, ns", "area of arrays and ADCs, mm²"]
    assert value["legend"] == ["ADC bits 4", "ADC bits 6", "ADC bits ideal", "recommended"]
    assert value["bars"] == 3 * len(FOUND.front)
    assert value["sorted"] == sorted(FOUND.front)


def test_what_is_forbidden_is_seen(tmp_path):
    """The checks above can fail."""
    page = tmp_path / "page.html"
    page.write_text(
        "<script>console.error('bad'); fetch('https://example.invalid/x').catch(() => 0)</script>"
    )
    (found,) = visited([Visit(str(page), 390, "await new Promise((go) => setTimeout(go, 500)); return 1;")])
    assert found.console[0] == "bad"
    assert found.requests == ["https://example.invalid/x"]
    assert found.value == 1
