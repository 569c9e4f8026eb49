"""Pages of markdown: figures put in, and figures found that no entry stands behind."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from published.book import ROOT, Book
from published.layout import CODE, MEASURED, Layout, Sentence
from sw.errors import EngramError
from sw.files import write_atomically
from sw.progress import Listener

__all__ = ["PAGES", "complaints", "rendered", "write_pages"]

PAGES = ("README.md", "docs/*.md", "sw/zoo/README.md")
"""What is looked at, below the root of the project."""
OPENING = re.compile(r"<!-- results: ?(?P<name>[^>]*?) -->\n")
CLOSING = "<!-- /results -->"
OTHERS = re.compile(r"<!-- not measured here: [^>]+ -->\n")
"""Stands before a table or paragraph with figures of others, or with what a design prescribes."""
ACCURACY = re.compile(r"\d\.\d\d ?%")
"""What no sentence may have without an entry; rows of tables are looked at more sharply."""


def pages_of(root: Path = ROOT) -> dict[str, str]:
    """Texts by path from the root."""
    paths = [path for pattern in PAGES for path in sorted(root.glob(pattern))]
    try:
        return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    except (OSError, UnicodeDecodeError) as error:
        raise EngramError(f"pages must be readable text in UTF-8: {error}") from None


def rendered(book: Book, layout: Layout, root: Path = ROOT) -> dict[str, str]:
    """Every page as it must be; rendering what was rendered changes nothing.

    Raises
    ------
    EngramError
        If a page and the layout do not fit, or the book lacks a figure.
    """
    pages = pages_of(root)
    named = [*(block.page for block in layout.tables.values()), *(each.page for each in layout.sentences)]
    unknown = sorted(set(named) - set(pages))
    if unknown:
        raise EngramError(f"docs/tables.toml must name pages that exist, {unknown[0]} does not")
    return {page: _page(page, text, book, layout) for page, text in pages.items()}


def write_pages(book: Book, layout: Layout, listener: Listener, root: Path = ROOT) -> None:
    """Write the pages that differ from what they must be."""
    for page, text in rendered(book, layout, root).items():
        if text != (root / page).read_text(encoding="utf-8"):
            write_atomically(root / page, text.encode())
            listener.say(f"{page} written")


def _page(page: str, text: str, book: Book, layout: Layout) -> str:
    wanted = {name for name, block in layout.tables.items() if block.page == page}
    parts, end = [], 0
    for name, start, stop in _blocks(page, text):
        if name not in wanted:
            raise EngramError(
                f"{page}: docs/tables.toml must have a table {name} for this page, once; add it"
            )
        wanted.remove(name)
        parts += [text[end:start], layout.tables[name].filled(book), "\n"]
        end = stop
    if wanted:
        missing = sorted(wanted)[0]
        raise EngramError(f"{page} must have the lines <!-- results: {missing} --> and {CLOSING}; add them")
    text = "".join([*parts, text[end:]])
    for sentence in layout.sentences:
        if sentence.page == page:
            text = _with_sentence(page, text, sentence, book)
    return text


def _blocks(page: str, text: str) -> Iterator[tuple[str, int, int]]:
    """Name of every block, where its text begins, and where its closing marker stands."""
    end = 0
    for match in OPENING.finditer(text):
        stop = text.find(CLOSING, match.end())
        following = OPENING.search(text, match.end())
        if match.start() < end or stop < 0 or (following and following.start() < stop):
            raise EngramError(f"{page}: the block {match['name']} must end with a line {CLOSING}; add it")
        end = stop
        yield match["name"], match.end(), stop


def _with_sentence(page: str, text: str, sentence: Sentence, book: Book) -> str:
    """The page with the figures of a sentence; where they are right, its line breaks stay."""
    found = list(sentence.pattern.finditer(text))
    if len(found) != 1:
        raise EngramError(
            f"{page} must say {sentence.text!r} once, it does {len(found)} times; "
            "change the page or docs/tables.toml"
        )
    (match,) = found
    parts, end = [], 0
    for number, figure in enumerate(sentence.figures(book), 1):
        there = match[number]
        parts += [text[end : match.start(number)], there if there.split() == figure.split() else figure]
        end = match.end(number)
    return "".join([*parts, text[end:]])


def complaints(book: Book, layout: Layout, root: Path = ROOT) -> list[str]:
    """What is wrong with the pages, a line each; nothing if all is well.

    A page that differs from what the book says, a figure that is typed in the layout, and one in a table that
    stands outside of markers.
    """
    found = []
    pages = pages_of(root)
    for page, right in rendered(book, layout, root).items():
        if right != pages[page]:
            found.append(f"{page} differs from docs/results.toml{_first_difference(pages[page], right)}")
        sentences = [each for each in layout.sentences if each.page == page]
        for line in _unbacked(page, pages[page], sentences):
            found.append(f"{page} has a figure that docs/results.toml has not: {line}")
    for name, block in layout.tables.items():
        found += [
            f"docs/tables.toml: {name} has a figure that no entry is behind: {line}" for line in block.typed()
        ]
    return found


def _first_difference(there: str, right: str) -> str:
    for number, (old, new) in enumerate(zip(there.splitlines(), right.splitlines(), strict=False), 1):
        if old != new:
            return f" in line {number}: {old.strip()!r}, right is {new.strip()!r}"
    return ": its end"


def _unbacked(page: str, text: str, sentences: Iterable[Sentence]) -> list[str]:
    """Lines with a figure of ours that stands neither in a block nor in a sentence of the layout."""
    for _, start, stop in reversed(list(_blocks(page, text))):
        text = text[:start] + text[stop:]
    for sentence in sentences:
        text = sentence.pattern.sub(" ", text)
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        if not OTHERS.match(paragraph.lstrip("\n")):
            lines = (CODE.sub("", line) for line in paragraph.splitlines())
            found += [
                each.strip()
                for each in lines
                if (MEASURED if each.startswith("|") else ACCURACY).search(each)
            ]
    return found
