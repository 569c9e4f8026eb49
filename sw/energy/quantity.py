"""Quantities of technologies and macros: a value that knows its unit, its source, and how sure it is."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from sw.energy.constants import check_keys, with_unit
from sw.errors import EngramError

__all__ = [
    "Basis",
    "Bits",
    "Femtofarads",
    "FemtofaradsPerMicron",
    "Femtojoules",
    "Nanometres",
    "Nanoseconds",
    "Numbers",
    "OhmsPerMicron",
    "Picojoules",
    "Quantity",
    "Shares",
    "SquareMicrons",
    "SquareVolts",
    "Volts",
    "check_quantity",
]

Text = Annotated[str, Field(min_length=1)]


class Basis(StrEnum):
    """How a value is known, from the surest on."""

    measured = "measured"
    simulated = "simulated"
    quoted = "quoted"
    derived = "derived"
    scaled = "scaled"
    fitted = "fitted"
    assumed = "assumed"
    included = "included"
    unknown = "unknown"


LEFT_OUT = (Basis.included, Basis.unknown)
"""Bases of values that are 0: counted in another value already, or not known and so not counted."""


class Quantity(BaseModel):
    """A value of a technology or a macro.

    Parameters
    ----------
    value
        Finite, not negative.
    unit
        Which unit it must be is fixed, see the models that have quantities.
    basis
        ``measured`` on silicon; ``simulated`` from extracted circuits; ``quoted`` as a publication states it;
        ``derived`` by arithmetic from such figures, which the source shows; ``scaled`` from another node, by
        :mod:`sw.energy.scaling`; ``fitted`` to figures of a chip; ``assumed``, and why. ``included`` is 0
        because another value has it, ``unknown`` is 0 because nobody says.
    source
        Publication, by arXiv number, DOI or title, or why it is assumed.
    points
        Names of the measured figures that it was chosen by: a figure that is named here is no test of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]
    unit: Text
    basis: Basis
    source: Text
    points: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> "Quantity":
        if self.basis in LEFT_OUT and self.value:
            raise ValueError(f"value must be 0 where basis is {self.basis.value!r}, got {self.value:g}")
        if self.basis is Basis.fitted and not self.points:
            raise ValueError("points must name the figures that a fitted value was chosen by, there are none")
        return self

    @property
    def counted(self) -> bool:
        """Whether it is known and counted here."""
        return self.basis not in LEFT_OUT


def above_zero(quantity: Quantity) -> Quantity:
    """A validator of quantities that others are divided by."""
    if not quantity.value:
        raise ValueError("value must be above 0, got 0")
    return quantity


def below_one(quantity: Quantity) -> Quantity:
    """A validator of shares of a whole that has other parts too."""
    if quantity.value >= 1:
        raise ValueError(f"value must be below 1, got {quantity.value:g}")
    return quantity


Nanometres = Annotated[Quantity, AfterValidator(with_unit("nm")), AfterValidator(above_zero)]
Volts = Annotated[Quantity, AfterValidator(with_unit("V")), AfterValidator(above_zero)]
SquareVolts = Annotated[Quantity, AfterValidator(with_unit("V2"))]
Picojoules = Annotated[Quantity, AfterValidator(with_unit("pJ"))]
Femtojoules = Annotated[Quantity, AfterValidator(with_unit("fJ"))]
Femtofarads = Annotated[Quantity, AfterValidator(with_unit("fF"))]
FemtofaradsPerMicron = Annotated[Quantity, AfterValidator(with_unit("fF/um"))]
OhmsPerMicron = Annotated[Quantity, AfterValidator(with_unit("ohm/um"))]
SquareMicrons = Annotated[Quantity, AfterValidator(with_unit("um2"))]
Nanoseconds = Annotated[Quantity, AfterValidator(with_unit("ns"))]
Bits = Annotated[Quantity, AfterValidator(with_unit("bit")), AfterValidator(above_zero)]
Numbers = Annotated[Quantity, AfterValidator(with_unit("1"))]
Shares = Annotated[Numbers, AfterValidator(below_one)]


def check_quantity(table: Any, path: Path, name: str) -> None:
    """Refuse what is no table of a quantity.

    Raises
    ------
    EngramError
        With one line that says what it lacks.
    """
    if not isinstance(table, dict):
        raise EngramError(f"{path}: {name} must be a table, got {table!r}")
    check_keys(table, Quantity, path, f" in [{name}]")
