"""Macros from TOML files: constants of one array, each with its source and basis, and what its chip measured.

A constant that names no source of its own has that of the file.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from sw.energy.constants import check_keys, file_named
from sw.energy.macros.parts import Cell, Control, Geometry, Inputs, Lines, Measured, Sense
from sw.energy.quantity import Quantity, check_quantity
from sw.energy.technologies.technology import Technology, technology_named
from sw.errors import EngramError
from sw.texts import read_toml
from sw.validation import validated

__all__ = ["MACROS", "Macro", "macro_named"]

FOLDER = Path(__file__).parent
MACROS = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
"""Names of the macros that come with Engram."""

Text = Annotated[str, Field(min_length=1)]


class Macro(BaseModel):
    """An array with all that belongs to it.

    Parameters
    ----------
    name, title, source
        What it is called, what it is, and the publication.
    technology
        Name of the node in which everything of a point is priced, or a file of one, seen from the macro's.
    lacks
        What is not in it, in words.
    geometry, inputs
        Of the chip.
    cell, lines, sense, control
        Constants.
    measured
        What the chip measured.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    title: Text
    source: Text
    technology: Text
    lacks: tuple[Text, ...] = ()
    geometry: Geometry
    inputs: Inputs
    cell: Cell
    lines: Lines
    sense: Sense
    control: Control
    measured: tuple[Measured, ...] = ()

    @property
    def node(self) -> Technology:
        """Its technology."""
        return technology_named(self.technology)

    @property
    def quantities(self) -> dict[str, Quantity]:
        """All constants, by part and name, such as ``cell.match``."""
        parts = {"cell": self.cell, "lines": self.lines, "sense": self.sense, "control": self.control}
        return {
            f"{part}.{name}": value
            for part, held in parts.items()
            for name, value in held
            if isinstance(value, Quantity)
        }

    @property
    def fitted_to(self) -> frozenset[str]:
        """Names of the measured figures by which a constant was chosen."""
        return frozenset(point for each in self.quantities.values() for point in each.points)


def macro_named(name: str) -> Macro:
    """A macro that comes with Engram, or one from the user's ``*.toml`` file.

    Raises
    ------
    EngramError
        If there is none of that name, or the file lacks a constant or has one that cannot be.
    """
    return _read(file_named(name, MACROS, FOLDER, "a macro"))


@cache
def _read(path: Path) -> Macro:
    table = {"name": path.stem, **read_toml(path)}
    check_keys(table, Macro, path, "")
    for part, model in (("cell", Cell), ("lines", Lines), ("sense", Sense), ("control", Control)):
        held = table[part]
        if not isinstance(held, dict):
            raise EngramError(f"{path}: {part} must be a table, got {held!r}")
        check_keys(held, model, path, f" in [{part}]")
        for name, entry in held.items():
            if _is_quantity(model, name):
                held[name] = entry = _with_source(entry, table["source"])
                check_quantity(entry, path, f"{part}.{name}")
    technology = table["technology"]
    if isinstance(technology, str) and technology.endswith(".toml"):
        table["technology"] = str(path.parent / technology)
    macro = validated(Macro, table, str(path))
    figures = [each.figure for each in macro.measured]
    for figure in macro.fitted_to - set(figures):
        raise EngramError(f"{path}: points must name figures under [[measured]], got {figure!r}")
    if len(set(figures)) < len(figures):
        raise EngramError(f"{path}: figures under [[measured]] must have different names")
    technology_named(macro.technology)  # refuses an unknown one now, and not after an exploration
    return macro


def _is_quantity(model: type[BaseModel], name: str) -> bool:
    annotation = model.model_fields[name].annotation
    return isinstance(annotation, type) and issubclass(annotation, Quantity)


def _with_source(entry: Any, source: Any) -> Any:
    return {"source": source, **entry} if isinstance(entry, dict) else entry
