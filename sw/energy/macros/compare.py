"""Macros beside their chips: every measured figure, and what the model gives at the same operating point."""

from collections.abc import Callable
from dataclasses import dataclass

from sw.energy.macros.macro import Macro
from sw.energy.macros.parts import FigureName, Geometry, Measured
from sw.energy.macros.price import area_um2, energy_fj, reads_of_chip, time_ns
from sw.errors import EngramError

__all__ = ["Figure", "compared"]


@dataclass(frozen=True)
class Figure:
    """One figure, published and modelled.

    Attributes
    ----------
    macro, figure, unit
        Of which macro, what, and in which unit.
    published, modelled
        By the chip, and by the model.
    fitted
        Whether a constant of the model was chosen by this very figure, which then proves nothing.
    """

    macro: str
    figure: str
    unit: str
    published: float
    modelled: float
    fitted: bool

    @property
    def ratio(self) -> float:
        """Modelled over published."""
        return self.modelled / self.published


@dataclass(frozen=True)
class Point:
    """The model at an operating point."""

    macro: Macro
    asked: Measured
    geometry: Geometry

    @property
    def femtojoules(self) -> float:
        """Of the part that is asked for, or of all."""
        parts = energy_fj(self.macro, reads_of_chip(self.geometry, self.asked.match_share))
        return parts[self.asked.part] if self.asked.part else sum(parts.values())

    @property
    def square_microns(self) -> float:
        """Of the part that is asked for, or of all."""
        parts = area_um2(self.macro, self.geometry)
        return parts[self.asked.part] if self.asked.part else sum(parts.values())

    @property
    def cells(self) -> int:
        """Of a tile; each does a multiplication and an addition, which are two operations."""
        return self.geometry.rows * self.geometry.cols

    @property
    def nanoseconds(self) -> float:
        """Of a read."""
        return time_ns(self.macro, self.geometry)


FIGURES: dict[FigureName, tuple[str, Callable[[Point], float]]] = {
    "energy per operation": ("fJ", lambda at: at.femtojoules / (2 * at.cells)),
    "energy per cell": ("fJ", lambda at: at.femtojoules / at.cells),
    "energy per conversion": ("pJ", lambda at: at.femtojoules / at.geometry.cols * 1e-3),
    "energy per read": ("nJ", lambda at: at.femtojoules * at.asked.copies * 1e-6),
    "efficiency": ("TOPS/W", lambda at: 2 * at.cells / at.femtojoules * 1e3),
    "throughput": ("TOPS", lambda at: 2 * at.cells * at.asked.copies / at.nanoseconds * 1e-3),
    "time": ("ns", lambda at: at.nanoseconds),
    "area": ("mm2", lambda at: at.square_microns * 1e-6),
    "cell area": ("um2", lambda at: at.square_microns / at.cells),
}
"""Unit and value of what can be measured."""


def compared(macro: Macro) -> list[Figure]:
    """Every measured figure of a macro beside the model.

    Raises
    ------
    EngramError
        If a figure has another unit than the model gives, or a time that the macro does not have is in it.
    """
    return [_beside(macro, asked) for asked in macro.measured]


def _beside(macro: Macro, asked: Measured) -> Figure:
    unit, model = FIGURES[asked.quantity]
    if asked.unit != unit:
        raise EngramError(
            f"{macro.name}: {asked.figure} must be in {unit}, as {asked.quantity} is, got {asked.unit}"
        )
    places = ("rows", "cols", "output_bits", "input_bits")
    moved = {name: getattr(asked, name) for name in places if getattr(asked, name) is not None}
    at = Point(macro, asked, macro.geometry.model_copy(update=moved))
    try:
        modelled = model(at)
    except ZeroDivisionError:
        raise EngramError(
            f"{macro.name}: {asked.figure} must follow from constants that are not 0, they are"
        ) from None
    return Figure(macro.name, asked.figure, unit, asked.value, modelled, asked.figure in macro.fitted_to)
