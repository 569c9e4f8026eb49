"""``docs/results.toml``: every published figure with its command, seeds, commit, date and processor."""

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from sw.errors import EngramError
from sw.files import write_atomically
from sw.validation import validated

__all__ = ["ROOT", "Book", "Entry", "Figure", "read_book", "read_toml", "toml_value", "write_book"]

ROOT = Path(__file__).parents[1]
BOOK = Path("docs") / "results.toml"
SEED = re.compile(r"\bN\b")
"""What stands for the seed in a command, also in names of files: ``--seed N -o without-N.npz``."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
HEADER = """\
# Every figure that README and docs publish. `python -m published` writes this file, and the pages from it;
# docs/adding.md says how. A list has one value for every seed, so that mean, lowest and highest are computed.
# `from` is the place of the figure in what the command answers with --json; a figure without one was read
# off by a person. N in a command is the seed. `seconds` is what the command took, all seeds together.
"""


class Figure(BaseModel):
    """One figure.

    Parameters
    ----------
    unit
        As it is printed behind the number, empty for a plain count. Figures in ``%`` are shares in the answer
        of the command.
    values
        One for every seed.
    source
        Place in the JSON answer, keys joined by dots; a table there means the sum of its numbers.
        Empty if a person read the figure off.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: str = ""
    values: tuple[int | float, ...] = Field(min_length=1)
    source: str = Field(default="", alias="from")


class Entry(BaseModel):
    """What one command gave, once for every seed.

    Parameters
    ----------
    command
        As a shell takes it, several joined by ``&&``; the word N stands for the seed where there are several.
    seeds
        Of the runs.
    by_seed
        False where all values are known, and not which seed gave which: they are in ascending order then.
    commit, date, processor
        The commit that ran, the day, the kind of machine.
    seconds
        What all runs took together, None where nobody noted it.
    note
        Whatever else must be known of this measurement; the next one begins without.
    figures
        By name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: str = Field(min_length=1)
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(min_length=1)
    by_seed: bool = True
    commit: str = Field(pattern=r"^[0-9a-f]{7,40}$")
    date: date
    processor: str
    seconds: float | None = Field(default=None, ge=0)
    note: str = ""
    figures: dict[Name, Figure] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_value_for_every_seed(self) -> Self:
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds must differ, got {list(self.seeds)}")
        for name, figure in self.figures.items():
            if len(figure.values) != len(self.seeds):
                raise ValueError(
                    f"figure {name} must have one value for each of {len(self.seeds)} seeds, got "
                    f"{len(figure.values)}; add the missing ones"
                )
        if len({bool(figure.source) for figure in self.figures.values()}) > 1:
            raise ValueError(
                "all figures must have a 'from', or none, as they are measured together; split them"
            )
        if not self.by_seed and any(
            list(each.values) != sorted(each.values) for each in self.figures.values()
        ):
            raise ValueError("values must be in ascending order where it is not known which seed gave which")
        return self

    @property
    def measurable(self) -> bool:
        """Whether its command answers with its figures."""
        return all(figure.source for figure in self.figures.values())

    def line(self, seed: int) -> str:
        """The command for one of the seeds."""
        return SEED.sub(str(seed), self.command)


class Book(RootModel[dict[Name, dict[Name, Entry]]]):
    """All entries: kind of command, such as ``train``, then subject, such as ``mnist-97nj``."""

    def entry(self, name: str) -> Entry:
        """The entry ``KIND.SUBJECT``; raises EngramError naming the known ones of that kind."""
        kind, _, subject = name.partition(".")
        entries = self.root.get(kind, {})
        if subject not in entries:
            known = [f"{kind}.{each}" for each in entries] or list(self.root)
            raise EngramError(f"{BOOK} must have an entry {name}, it has not; known: {', '.join(known)}")
        return entries[subject]

    def entries(self) -> dict[str, Entry]:
        """All of them by ``KIND.SUBJECT``."""
        return {f"{kind}.{name}": entry for kind, rows in self.root.items() for name, entry in rows.items()}

    def with_entry(self, name: str, entry: Entry) -> "Book":
        """With `entry` in place of the one of that name, or behind the others of its kind."""
        kind, dot, subject = name.partition(".")
        if not dot or not subject:
            raise EngramError(f"the name of an entry must be KIND.SUBJECT such as train.digits, got {name!r}")
        kinds = {**self.root, kind: {**self.root.get(kind, {}), subject: entry}}
        return validated(Book, kinds, name)


def read_toml(path: Path) -> dict:
    """A TOML file; raises EngramError in one line where it cannot be read or is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EngramError(f"cannot read {path}: {error.strerror}; it belongs to the repository") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EngramError(f"{path} must be TOML in UTF-8: {error}; correct it there") from None


def read_book(root: Path = ROOT) -> Book:
    """The book of a checkout; raises EngramError where it is missing or wrong."""
    return validated(Book, read_toml(root / BOOK), str(BOOK))


def write_book(book: Book, root: Path = ROOT) -> None:
    """Write the book, in the only form it has: what is read is written again byte by byte."""
    write_atomically(root / BOOK, as_toml(book).encode())


def as_toml(book: Book) -> str:
    """The text of the file."""
    parts = [HEADER]
    for name, entry in book.entries().items():
        lines = [f"[{name}]"]
        for key, value in entry.model_dump(exclude={"figures"}, exclude_defaults=True).items():
            lines.append(f"{key} = {toml_value(value)}")
        lines.append("")
        lines.append(f"[{name}.figures]")
        for key, figure in entry.figures.items():
            inside = [f"unit = {toml_value(figure.unit)}"] if figure.unit else []
            inside.append(f"values = {toml_value(figure.values)}")
            inside += [f"from = {toml_value(figure.source)}"] if figure.source else []
            lines.append(f"{key} = {{ {', '.join(inside)} }}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def toml_value(value: object) -> str:
    """A value as TOML has it; a JSON string is a TOML string too."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return json.dumps(value, ensure_ascii=False)
