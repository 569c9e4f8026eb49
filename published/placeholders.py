"""Placeholders such as ``{train.digits.test}`` in the texts of tables, and the figures in their place.

===============================  =====================================================================
``{train.digits.test}``          one value, else ``mean (lowest .. highest)``
``{train.digits.test.range}``    one value, else ``lowest .. highest``; also ``.mean .lowest .highest``
``{train.digits.test.marked}``   as the first, with ``(one seed)`` behind what is of one seed only
``{train.a.test - train.b.test}``  the differences, paired by seed; ``.mean`` behind the first: their mean
``{train.digits.test:.1f}``      as Python formats it, without the unit
``{train.digits.seconds:time}``  seconds in the largest unit that fits
``{train.digits/command}``       also ``/seeds /commit /date /processor /seconds``
===============================  =====================================================================
"""

import re
from collections.abc import Callable
from statistics import fmean

from published.book import Book, Figure
from sw.durations import written_duration
from sw.errors import EngramError

__all__ = ["PLACEHOLDER", "filled"]

PLACEHOLDER = re.compile(r"\{([^{}\n]+)\}")
HALF_UP = 1e-9
"""What makes 68.035, which is a little less as a float, 68.04 and not 68.03; a share of figures below 1."""
SMALL = 0.005
"""Below it, two digits behind the point would say 0.00."""
HOW: dict[str, Callable[[tuple[float, ...]], float]] = {"mean": fmean, "lowest": min, "highest": max}
WORDS = {
    "command": lambda entry: entry.command,
    "seeds": lambda entry: ", ".join(map(str, entry.seeds)),
    "commit": lambda entry: entry.commit,
    "date": lambda entry: entry.date.isoformat(),
    "processor": lambda entry: entry.processor,
    "seconds": lambda entry: "-" if entry.seconds is None else written_duration(entry.seconds),
}


def filled(text: str, book: Book) -> str:
    """The text with every placeholder replaced.

    Raises
    ------
    EngramError
        If the book has no such entry or figure, or a placeholder is of none of the forms.
    """
    return PLACEHOLDER.sub(lambda match: _said(match[1], book), text)


def _said(inside: str, book: Book) -> str:
    if "/" in inside:
        name, _, word = inside.partition("/")
        if word not in WORDS:
            raise EngramError(
                f"{{{inside}}} must end in one of /{', /'.join(WORDS)}; correct docs/tables.toml"
            )
        return WORDS[word](book.entry(name))
    reference, _, spec = inside.partition(":")
    ours, minus, theirs = reference.partition(" - ")
    figure, how = _found(ours, book)
    if minus:
        figure = _difference(reference, ours, theirs, book)
    values = figure.values

    def written(value: float) -> str:
        return _written(value, figure, spec, inside)

    if how in HOW:
        return written(HOW[how](values)) + _unit(figure, spec)
    low, high = written(min(values)), written(max(values))
    if how == "range":
        return (low if low == high else f"{low} .. {high}") + _unit(figure, spec)
    if min(values) != max(values):
        return f"{written(fmean(values))}{_unit(figure, spec)} ({low} .. {high})"
    alone = " (one seed)" if how == "marked" and len(values) == 1 else ""
    return low + _unit(figure, spec) + alone


def _found(reference: str, book: Book) -> tuple[Figure, str]:
    """A figure, and what is said of it."""
    parts = reference.strip().split(".")
    how = parts.pop() if len(parts) == 4 else ""
    if len(parts) != 3 or how not in {"", "range", "marked", *HOW}:
        raise EngramError(
            f"{{{reference}}} must be KIND.SUBJECT.FIGURE, with .mean, .lowest, .highest, .range or .marked "
            "if need be; correct docs/tables.toml"
        )
    entry = book.entry(".".join(parts[:2]))
    if parts[2] not in entry.figures:
        raise EngramError(
            f"{'.'.join(parts[:2])} must have a figure {parts[2]}, it has {', '.join(entry.figures)}; "
            "add it to docs/results.toml"
        )
    return entry.figures[parts[2]], how


def _difference(reference: str, ours: str, theirs: str, book: Book) -> Figure:
    """Ours less theirs, seed by seed; in points where both are in per cent."""
    names = [".".join(each.strip().split(".")[:2]) for each in (ours, theirs)]
    one, other = (book.entry(name) for name in names)
    if one.seeds != other.seeds or not (one.by_seed and other.by_seed):
        raise EngramError(
            f"{{{reference}}} must be of two entries with equal seeds, value by seed; it is not"
        )
    first, second = _found(ours, book)[0], _found(theirs, book)[0]
    values = tuple(a - b for a, b in zip(first.values, second.values, strict=True))
    return Figure(unit="" if first.unit == "%" else first.unit, values=values)


def _written(value: float, figure: Figure, spec: str, inside: str) -> str:
    if spec == "time":
        return written_duration(value)
    whole = all(float(each).is_integer() for each in figure.values)
    small = 0 < abs(value) < SMALL
    usual = ".2f" if figure.unit == "%" else ",.0f" if whole else ".3g" if small else ",.2f"
    try:
        return format(
            value if float(value).is_integer() else value + HALF_UP * min(1.0, abs(value)), spec or usual
        )
    except ValueError:
        raise EngramError(
            f"{{{inside}}} must have a format of Python behind the colon, got {spec!r}"
        ) from None


def _unit(figure: Figure, spec: str) -> str:
    return f" {figure.unit}" if figure.unit and not spec else ""
