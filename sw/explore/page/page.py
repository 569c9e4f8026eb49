"""The page of an exploration: one HTML file with everything in it, which opens without a network."""

import base64
import gzip
import json
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from sw.explore.outcome.results import Exploration, write_result
from sw.explore.page.chosen_point import choice_of
from sw.explore.page.data import page_data
from sw.explore.page.labels import quantity
from sw.explore.page.pictures import draw_exploration
from sw.explore.page.sections import notes, sections
from sw.explore.page.views import title_of
from sw.version import engram_version

__all__ = ["PAGE", "page_of", "write_page", "write_page_and_pictures"]

PAGE = "explore.html"


def write_page(found: Exploration, path: Path) -> None:
    """Write the page of an exploration, finished or not, whole or not at all.

    Raises
    ------
    EngramError
        If it cannot be written.
    """
    write_result(path, page_of(found).encode())


def write_page_and_pictures(found: Exploration, folder: Path) -> list[Path]:
    """Write the page as ``explore.html``, and the pictures; raises EngramError as :func:`write_page`."""
    write_page(found, folder / PAGE)
    return [folder / PAGE, *draw_exploration(found, folder)]


def page_of(found: Exploration) -> str:
    """The page as HTML. Equal explorations give equal pages."""
    choice = choice_of(found)
    return Template(_asset("page.html")).substitute(
        title=escape(title_of(found)),
        lead=escape(_lead(found)),
        notes=notes(found),
        sections=sections(found, choice, _asset("modelled.html")),
        version=escape(engram_version()),
        css=_asset("page.css"),
        plotly=_plotly(),
        data=_packed(json.dumps(page_data(found, choice), separators=(",", ":"), allow_nan=False).encode()),
        js=_asset("charts.js") + _asset("page.js"),
    )


def _lead(found: Exploration) -> str:
    names = [quantity(objective["column"]).short for objective in found.objectives.values()]
    return (
        f"{len(found.rows):,} arrays, each in {found.chips:,} modelled chips, classified "
        f"{found.images:,} validation images of {found.data}. {len(found.front):,} of them are the Pareto "
        f"front of {_listed(names)}."
    )


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _packed(content: bytes) -> str:
    """Compressed, and in letters that mean nothing in HTML."""
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return _packed(get_plotlyjs().encode())


def _asset(name: str) -> str:
    return (files("sw.explore.page") / "web" / name).read_text(encoding="utf-8")
