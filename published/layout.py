"""``docs/tables.toml``: tables and sentences of README and docs, with placeholders in place of figures."""

import re
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from published.book import ROOT, Book, read_toml
from published.placeholders import PLACEHOLDER, filled
from sw.validation import validated

__all__ = ["BOARDS", "MEASURED", "Block", "Layout", "Sentence", "read_boards", "read_layout"]

LAYOUT = Path("docs") / "tables.toml"
BOARDS = Path("docs") / "boards.toml"
"""The table of boards, which ``python -m published boards`` writes; there need not be one."""
MEASURED = re.compile(
    r"(?<![\w.-])[+-]?(?:\d+\.\d+|\d{1,3}(?:,\d{3})+|\d+(?= ?%)|\d+(?= (?:us|ms|s|min|nJ|MHz)\b))"
)
"""A number as a measured one is written: with a decimal point, thousands separated, or a unit behind it."""
CODE = re.compile(r"`[^`]*`|\]\([^)]*\)")
"""Commands and addresses, whose numbers are no results."""


class Block(BaseModel):
    """What stands between the markers of a page.

    Parameters
    ----------
    page
        Path from the root of the project.
    text
        Lines with placeholders.
    row, each
        A further line for every item of `each`, whose values take the place of ``<KEY>`` in `row`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    page: str
    text: str = ""
    row: str = ""
    each: tuple[dict[str, str], ...] = ()

    @property
    def lines(self) -> list[str]:
        """Lines with placeholders."""
        rows = []
        for words in self.each:
            row = self.row.strip("\n")
            for key, word in words.items():
                row = row.replace(f"<{key}>", word)
            rows.append(row)
        return [*self.text.strip("\n").splitlines(), *rows]

    def filled(self, book: Book) -> str:
        """The text as it stands in the page."""
        return filled("\n".join(self.lines), book)

    def typed(self) -> list[str]:
        """Lines below a table's heading in which a figure is typed instead of taken from the book."""
        heading = next((place for place, line in enumerate(self.lines) if is_rule(line)), 0)
        body = (PLACEHOLDER.sub("", CODE.sub("", line)) for line in self.lines[heading:])
        return [line.strip() for line in body if MEASURED.search(line)]


class Sentence(BaseModel):
    """A sentence of a page, whose figures are found by the words around them.

    Parameters
    ----------
    page
        Path from the root of the project.
    text
        Words with placeholders, of which none stands first or last; the page may break its lines anywhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    page: str
    text: str

    @model_validator(mode="after")
    def _figures_between_words(self) -> Self:
        words = PLACEHOLDER.split(self.text)
        if len(words) < 3 or not all(each.strip() for each in words[::2]):
            raise ValueError(
                f"a sentence must have words before and behind every placeholder, got {self.text!r}"
            )
        return self

    @property
    def pattern(self) -> re.Pattern[str]:
        """What finds it in a page; its groups are the figures."""
        parts = PLACEHOLDER.split(self.text.strip())
        words = [r"\s+".join(map(re.escape, re.split(r"\s+", each))) for each in parts[::2]]
        words = [re.sub(r"^(\\\.|,)", r"\1(?!\\d)", each) for each in words]  # 83.5 does not end at its point
        return re.compile(r"([^|]{1,60}?)".join(words))

    def figures(self, book: Book) -> list[str]:
        """The figures as they must stand there."""
        return [filled(match[0], book) for match in PLACEHOLDER.finditer(self.text)]


class Layout(BaseModel):
    """Blocks by the names in their markers, and sentences."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tables: dict[str, Block] = Field(default={})
    sentences: tuple[Sentence, ...] = ()


def is_rule(line: str) -> bool:
    """Whether a line is the rule below the heading of a table."""
    return bool(re.fullmatch(r"\|(\s*:?-+:?\s*\|)+", line.strip()))


def read_layout(root: Path = ROOT) -> Layout:
    """The layout of a checkout; raises EngramError where it is missing or wrong."""
    values: dict[str, Any] = read_toml(root / LAYOUT)
    layout = validated(Layout, values, str(LAYOUT))
    boards = read_boards(root)
    return (
        layout
        if boards is None
        else layout.model_copy(update={"tables": {**layout.tables, "boards": boards}})
    )


def read_boards(root: Path = ROOT) -> Block | None:
    """The table of boards; None where there is none yet."""
    return validated(Block, read_toml(root / BOARDS), str(BOARDS)) if (root / BOARDS).exists() else None
