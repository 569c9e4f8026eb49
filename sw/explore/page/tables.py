"""Tables of the page as HTML: the front, the recommended point beside the best in one objective, builds."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from sw.explore.outcome.results import Exploration
from sw.explore.page.chosen_point import Choice
from sw.explore.page.labels import quantity, written_value
from sw.explore.page.views import by_point, numbers_in, sought_columns, varied_axes

__all__ = ["built_table", "front_table", "rivals_table"]

TEST = ("accuracy_mean", "accuracy_p5")
BUILT = {"luts": "logic cells", "brams": "block RAMs", "cycles": "cycles per image"}


def front_table(found: Exploration, choice: Choice | None) -> str:
    """A row for every point of the front: sizes, results, and accuracies on the test images."""
    rows = by_point(found)
    first = [*varied_axes(found), *sought_columns(found)]
    others = [column for column in numbers_in(found) if column not in first]
    headings = ["point", *(quantity(column).heading for column in first)]
    headings += [f"test {quantity(column).heading}" for column in TEST]
    headings += [quantity(column).heading for column in others]
    body = []
    for point in found.front:
        tested = found.tested.get(point, {})
        cells = [_cell("point", point), *(_cell(column, rows[point].get(column)) for column in first)]
        cells += [_cell(column, tested.get(column)) for column in TEST]
        cells += [_cell(column, rows[point].get(column)) for column in others]
        body.append(_row(cells, chosen=choice is not None and point == choice.point))
    return _table(headings, body, "tall", sortable=True)


def rivals_table(found: Exploration, choice: Choice) -> str:
    """The recommended point above the points of the front that are best in one objective."""
    rows = by_point(found)
    columns = [objective["column"] for objective in found.objectives.values()]
    shown = [*columns, *(axis for axis in varied_axes(found) if axis not in columns)]
    headings = ["point", "", *(quantity(column).heading for column in shown)]
    body = [_row(_rival(rows[choice.point], "recommended", shown), chosen=True)]
    for point in dict.fromkeys(choice.rivals.values()):
        ends = ", ".join(_end(found, name) for name, best in choice.rivals.items() if best == point)
        if point != choice.point:
            body.append(_row(_rival(rows[point], ends, shown)))
    return "<p>Beside the best of the front in every objective:</p>" + _table(headings, body)


def built_table(built: Mapping[int, Mapping[str, Any]]) -> str:
    """Points that were built for the FPGA: resources, their estimates, mismatches of the RTL."""
    body = []
    for point, values in built.items():
        if "error" in values:
            cells = [
                _cell("point", point),
                f'<td class="text wide" colspan="{len(BUILT) + 3}">{escape(values["error"])}</td>',
            ]
        else:
            pairs = (
                f"{written_value(name, values[name])} ({written_value(name, values[f'{name}_estimated'])})"
                for name in BUILT
            )
            clock = values.get("fmax_mhz")
            cells = [_cell("point", point), *(f"<td>{escape(pair)}</td>" for pair in pairs)]
            cells += [
                f"<td>{'-' if clock is None else f'{clock:.1f}'}</td>",
                f"<td>{_mismatches(values)}</td>",
                f'<td class="text">{escape(values["front_end"])}</td>',
            ]
        body.append(_row(cells))
    figures = (f"{words} (estimated)" for words in BUILT.values())
    return _table(["point", *figures, "Fmax, MHz", "RTL mismatches", "front end"], body)


def _mismatches(values: Mapping[str, Any]) -> str:
    images = values["rtl_images"]
    return f"{values['mismatches']} of {images}" if images else "-"


def _end(found: Exploration, name: str) -> str:
    objective = found.objectives[name]
    return f"{'highest' if objective['most'] else 'lowest'} {quantity(objective['column']).short}"


def _rival(row: Mapping[str, Any], words: str, columns: Iterable[str]) -> list[str]:
    cells = [_cell("point", row["point"]), f'<td class="text">{escape(words)}</td>']
    return cells + [_cell(column, row.get(column)) for column in columns]


def _cell(column: str, value: Any) -> str:
    raw = f' data-value="{value!r}"' if isinstance(value, int | float) else ""
    return f"<td{raw}>{escape(written_value(column, value))}</td>"


def _row(cells: Iterable[str], *, chosen: bool = False) -> str:
    marked = ' class="chosen"' if chosen else ""
    return f"<tr{marked}>{''.join(cells)}</tr>"


def _table(headings: Sequence[str], rows: Iterable[str], kind: str = "", *, sortable: bool = False) -> str:
    named = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    classes = ' class="sortable"' if sortable else ""
    return (
        f'<div class="scroll {kind}" tabindex="0" role="group" aria-label="table">'
        f"<table{classes}><thead><tr>{named}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
