"""Sections of the page as HTML: what is recommended, tables, what is modelled, how it was made."""

from html import escape
from typing import Any

from sw.explore.outcome.results import Exploration
from sw.explore.page.charts import chart_sections, section
from sw.explore.page.chosen_point import Choice
from sw.explore.page.labels import quantity, written, written_value
from sw.explore.page.tables import built_table, front_table, rivals_table
from sw.explore.page.views import by_point, numbers_in
from sw.explore.space.objectives import eligible

__all__ = ["notes", "sections"]

FIGURES = 6
INTERRUPTED = """<p class="warning"><strong>Interrupted.</strong> This page is about the points that are
done; others may beat them. The same command goes on where it stopped.</p>"""
EMPTY = "<p>No point has been computed. The same command goes on where it stopped.</p>"
CHIP = """<p>Beside this page: {files}. The first is chip 0 of this point, which <code>engram simulate</code>
and <code>engram build</code> take as it is.</p>"""


def notes(found: Exploration) -> str:
    """Warning at the head of the page that the exploration was interrupted; empty if it was not."""
    return "" if found.finished else INTERRUPTED


def sections(found: Exploration, choice: Choice | None, modelled: str) -> str:
    """All sections; `modelled` is the text that says what is modelled."""
    if not found.rows:
        return section("Nothing to show", EMPTY) + _made(found)
    parts = [_recommended(found, choice), chart_sections(found), _front(found, choice), _built(found)]
    parts += [section("What is modelled, what is measured", modelled + _left_out(found)), _made(found)]
    return "".join(parts)


def _recommended(found: Exploration, choice: Choice | None) -> str:
    if choice is None:
        return section("Recommended", "<p>There is no Pareto front.</p>")
    row, tested = by_point(found)[choice.point], _tested(found, choice.point)
    figures = [(written(column, row[column]), quantity(column).words) for column in numbers_in(found)]
    if tested is not None:
        share = written("accuracy_mean", tested["accuracy_mean"])
        figures.insert(1, (share, f"the same on all {found.test_images:,} test images"))
    sizes = "".join(
        f"<li>{escape(quantity(axis).short)} <b>{escape(written_value(axis, row[axis]))}</b></li>"
        for axis in found.axes
        if axis in row
    )
    wish = f"<p>Wish: <code>{escape(choice.wish)}</code></p>" if choice.wish else ""
    files = (found.recommended or {}).get("files") or []
    named = ", ".join(f"<code>{escape(str(file))}</code>" for file in files)
    return section(
        f"Recommended: point {choice.point}",
        f'<ul class="sizes">{sizes}</ul>\n'
        f'<ul class="figures">{"".join(_figure(*figure) for figure in figures[:FIGURES])}</ul>\n'
        f"{wish}<p>{escape(' '.join(choice.reasons))}</p>"
        f"{CHIP.format(files=named) if files else ''}"
        f"{rivals_table(found, choice) if len(choice.rivals) > 1 else ''}",
    )


def _figure(value: str, words: str) -> str:
    return f"<li><b>{escape(value)}</b> <span>{escape(words)}</span></li>"


def _tested(found: Exploration, point: int) -> dict[str, Any] | None:
    recommended = found.recommended or {}
    if recommended.get("point") == point and recommended.get("tested"):
        return recommended["tested"]
    return found.tested.get(point)


def _front(found: Exploration, choice: Choice | None) -> str:
    test = (
        f"The last columns are accuracies on all {found.test_images:,} test images."
        if any(point in found.tested for point in found.front)
        else "None of them has been run on the test images."
    )
    columns = [objective["column"] for objective in found.objectives.values()]
    fitting = sum(eligible(row, columns) for row in found.rows)
    if fitting < len(found.rows):
        test += f" {len(found.rows) - fitting:,} points that do not fit the FPGA were left out of the front."
    words = f"<p>{test} Tap a heading to sort.</p>\n"
    return section(f"Table of the front: {len(found.front):,} points", words + front_table(found, choice))


def _built(found: Exploration) -> str:
    if not found.built:
        return ""
    words = (
        "<p>Cells of the placed and routed design, and cycles between results of its RTL, whose every value "
        "is held against the reference; in brackets, what was estimated.</p>"
    )
    return section("Built for the FPGA", words + built_table(found.built))


def _left_out(found: Exploration) -> str:
    if not found.left_out:
        return ""
    listed = "".join(f"<li>{number:,}: {escape(why)}</li>" for why, number in found.left_out.items())
    return f"<p>Points left out, for they cannot exist:</p><ul>{listed}</ul>"


def _made(found: Exploration) -> str:
    objectives = [
        f"{'most' if values['most'] else 'least'} {quantity(values['column']).words}"
        for values in found.objectives.values()
    ]
    images = f"{found.images:,} validation images, {found.test_images:,} test images"
    facts = {
        "digest": found.digest,
        **{f"bundle {name}": digest for name, digest in found.bundles.items()},
        "data": f"{found.data}; {images}",
        "chips of a point": f"{found.chips:,}",
        "seed": str(found.seed),
        "search": found.search,
        "objectives": "; ".join(objectives),
        **{
            quantity(axis).words: ", ".join(written_value(axis, value) for value in values)
            for axis, values in found.axes.items()
        },
    }
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts.items())
    command = f"<pre><code>{escape(found.command)}</code></pre>"
    return section("How this was made", f"{command}\n<dl>{listed}</dl>")
