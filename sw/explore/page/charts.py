"""Sections of the page that hold charts, as HTML: words and controls; ``web/charts.js`` draws."""

from collections.abc import Iterable
from html import escape

from sw.explore.outcome.results import Exploration
from sw.explore.page.labels import quantity, written_value
from sw.explore.page.views import (
    BARS,
    accuracy_curves,
    energy_parts,
    numbers_in,
    ordered_values,
    sought_columns,
    varied_axes,
)

__all__ = ["chart_sections", "section"]

RANGES = (("near", "close-up"), ("all", "everything"))
PARETO = """<p>Every dot is a point: an array of certain sizes. No point beats one of the front in all
objectives; where one of the front looks beaten, it is better in an objective that is not shown. Accuracies
are those on {images:,} validation images. Point at a dot, or tap it, for its values.</p>
<div class="controls">{controls}</div>
{filters}<p class="hint" id="left" aria-live="polite"></p>
<div id="scatter" class="chart"></div>
<div id="picked"><h3></h3><dl></dl></div>"""
FILTERS = """<p class="hint">Only points with these values, here, over ADC bits and axis by axis:</p>
<div class="controls">{filters}<button type="button" id="all">Show all</button></div>
"""
CURVES = """<p>Every dot is the most accurate of the points with these rows and ADC bits, on validation
images. Match lines with more rows carry larger currents, which an ADC of the same bits tells apart less
finely.</p>
<div class="controls">{controls}</div>
<div id="curves" class="chart"></div>"""
ENERGY = """<p>Modelled energy of one classification, full accounting, {which}; ★ is the recommended point.
The front end is blue.</p>
<div class="controls">{controls}</div>
<div id="energy" class="chart"></div>"""
PARALLEL = """<p>Every line is a point; yellow ones are best in {first}, dark ones worst. Drag along an axis
to keep only the lines that pass there; tap the axis to let all pass again.</p>
<div class="scroll" tabindex="0" role="group" aria-label="axis by axis">
<div id="parallel" class="chart"></div></div>"""


def chart_sections(found: Exploration) -> str:
    """Pareto front, accuracy over ADC bits, energy by part, and parallel coordinates."""
    return _pareto(found) + _curves(found) + _energy(found) + _parallel(found)


def section(heading: str, body: str) -> str:
    """A section of the page; `heading` and `body` are HTML."""
    return f"<section>\n<h2>{heading}</h2>\n{body}\n</section>\n"


def _pareto(found: Exploration) -> str:
    columns = numbers_in(found)
    if not columns:
        return section("Pareto front", "<p>These points have nothing that could be compared.</p>")
    varied = varied_axes(found)
    titles = [(column, quantity(column).heading) for column in columns]
    colours = [("", "Pareto front"), *((axis, quantity(axis).words) for axis in varied)]
    controls = [
        _select("x", "across", titles, columns[1 % len(columns)]),
        _select("y", "upright", titles, columns[0]),
        _select("by", "colour", colours),
        _select("range", "accuracy axis", RANGES),
    ]
    filters = "".join(_filter(found, axis) for axis in varied if len(ordered_values(found, axis)) > 1)
    more = FILTERS.format(filters=filters) if filters else ""
    return section(
        "Pareto front", PARETO.format(images=found.images, controls="".join(controls), filters=more)
    )


def _curves(found: Exploration) -> str:
    if not accuracy_curves(found):
        return section("Accuracy over ADC bits", "<p>These points have no rows, ADC bits and accuracy.</p>")
    controls = _select("curves-range", "accuracy axis", RANGES)
    return section("Accuracy over ADC bits, by rows", CURVES.format(controls=controls))


def _energy(found: Exploration) -> str:
    if not found.front or not energy_parts(found.rows[0]):
        return section("Energy by part", "<p>These points have no energy by part.</p>")
    count = len(found.front)
    which = f"{BARS} of the {count:,} points of the front" if count > BARS else "all points of the front"
    options = [("whole", "everything"), ("array", "what lies behind the front end")]
    return section("Energy by part", ENERGY.format(which=which, controls=_select("parts", "show", options)))


def _parallel(found: Exploration) -> str:
    first = (sought_columns(found) or numbers_in(found) or varied_axes(found))[0]
    return section("All points, axis by axis", PARALLEL.format(first=escape(quantity(first).short)))


def _filter(found: Exploration, axis: str) -> str:
    values = [written_value(axis, value) for value in ordered_values(found, axis)]
    options = [("", "any"), *((str(place), text) for place, text in enumerate(values))]
    return _select(f"filter-{axis}", quantity(axis).short, options, axis=axis)


def _select(
    identity: str, label: str, options: Iterable[tuple[str, str]], chosen: str = "", axis: str = ""
) -> str:
    listed = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in options
    )
    of = f' data-axis="{escape(axis)}"' if axis else ""
    select = f'<select id="{escape(identity)}"{of} autocomplete="off">{listed}</select>'
    return f"<label>{escape(label)}{select}</label>"
