"""Technologies from TOML files: constants of one node, each with its unit, source and basis.

A constant is a table of :class:`sw.energy.quantity.Quantity`, or ``scaled = "NAME"``: that of another
technology, brought here by the law of :mod:`sw.energy.scaling`. So a published figure stands in one file,
and every scaled one says from where it comes. A figure is scaled once, never twice: what it is scaled from
must have a value of its own.
"""

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sw.energy.constants import check_keys, file_named
from sw.energy.quantity import (
    Basis,
    Bits,
    FemtofaradsPerMicron,
    Femtojoules,
    Nanometres,
    Numbers,
    OhmsPerMicron,
    Picojoules,
    Quantity,
    SquareMicrons,
    Volts,
    check_quantity,
)
from sw.energy.scaling import LAW, area_factor, energy_factor
from sw.errors import EngramError
from sw.texts import read_toml
from sw.validation import validated

__all__ = ["DEFAULT", "TECHNOLOGIES", "Technology", "technology_named"]

FOLDER = Path(__file__).parent
TECHNOLOGIES = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
"""Names of the technologies that come with Engram."""
DEFAULT = "sky130"
"""An open node, that people can have made."""


class Technology(BaseModel):
    """Constants of one node.

    Parameters
    ----------
    title
        What it is.
    node, supply
        In nm and V.
    multiply_32_bit, add_32_bit
        pJ per operation on integers of 32 bits; a comparison is an addition.
    sram_bit, sram_size, sram_growth
        fJ for every bit that is read from or written to an SRAM of `sram_size` bits, and the exponent with
        which it grows with the size.
    register_clock, register_change
        fJ of a register bit for every clock cycle, and what comes on top where it changes.
    adder_bit_area, register_area, sram_bit_area
        um2 of a bit of an adder, a register and an SRAM.
    wire_capacitance, wire_resistance
        Of a signal wire, in fF and ohm per um.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1)
    node: Nanometres
    supply: Volts
    multiply_32_bit: Picojoules
    add_32_bit: Picojoules
    sram_bit: Femtojoules
    sram_size: Bits
    sram_growth: Numbers
    register_clock: Femtojoules
    register_change: Femtojoules
    adder_bit_area: SquareMicrons
    register_area: SquareMicrons
    sram_bit_area: SquareMicrons
    wire_capacitance: FemtofaradsPerMicron
    wire_resistance: OhmsPerMicron


def technology_named(name: str) -> Technology:
    """A technology that comes with Engram, or one from the user's ``*.toml`` file.

    Raises
    ------
    EngramError
        If there is none of that name, or the file lacks a constant or has one that cannot be.
    """
    return _read(file_named(name, TECHNOLOGIES, FOLDER, "a technology"))


@cache
def _read(path: Path) -> Technology:
    table = read_toml(path)
    check_keys(table, Technology, path, "")
    scaled = {name: entry["scaled"] for name, entry in table.items() if _is_scaled(entry)}
    for name, entry in table.items():
        if name not in scaled and name != "title":
            check_quantity(entry, path, name)
    own = {name: entry for name, entry in table.items() if name not in scaled}
    node, supply = (
        validated(Quantity, own.get(name), f"{path}: {name}").value for name in ("node", "supply")
    )
    brought = {name: _brought(name, origin, node, supply, path) for name, origin in scaled.items()}
    return validated(Technology, own | brought, str(path))


def _is_scaled(entry: Any) -> bool:
    return isinstance(entry, dict) and set(entry) == {"scaled"}


def _brought(name: str, origin: Any, node: float, supply: float, path: Path) -> dict[str, Any]:
    """A constant of another technology as it is at this node and supply."""
    if origin not in TECHNOLOGIES:
        raise EngramError(
            f"{path}: scaled in [{name}] must be one of {', '.join(TECHNOLOGIES)}, got {origin!r}"
        )
    # read as it stands, and not as a technology: files may take constants from each other
    table = read_toml(FOLDER / f"{origin}.toml")
    if name in ("node", "supply") or _is_scaled(table.get(name)):
        raise EngramError(f"{path}: {name} must have a value of its own, {origin} has none to scale")
    there = Quantity.model_validate(table[name])
    from_node, from_supply = (float(table[key]["value"]) for key in ("node", "supply"))
    if there.unit in ("pJ", "fJ"):
        factor = energy_factor(from_node, from_supply, node, supply)
    elif there.unit == "um2":
        factor = area_factor(from_node, node)
    elif there.unit in ("bit", "1"):
        return there.model_dump()  # a size or an exponent is the same everywhere
    else:
        raise EngramError(f"{path}: {name} must have a value of its own, wires do not follow {LAW}")
    came = f"{there.value:g} {there.unit} at {from_node:g} nm, {from_supply:g} V ({there.basis.value})"
    source = f"{there.source}; {came}, scaled by {LAW}"
    return {"value": there.value * factor, "unit": there.unit, "basis": Basis.scaled, "source": source}
