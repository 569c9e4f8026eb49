"""Constants of the energy model, from a TOML file: every one with unit, node and source.

``energy.toml`` beside this module is what counts if nobody gives another file.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sw.errors import EngramError
from sw.texts import read_toml
from sw.validation import validated

__all__ = [
    "DEFAULT",
    "Constant",
    "Constants",
    "check_keys",
    "file_named",
    "read_constants",
    "read_table",
    "with_unit",
]

DEFAULT = Path(__file__).with_name("energy.toml")

Text = Annotated[str, Field(min_length=1)]
Table = TypeVar("Table", bound=BaseModel)


class Constant(BaseModel):
    """One constant.

    Parameters
    ----------
    value
        Finite, not negative.
    unit
        Which unit it must be is fixed; see :class:`Constants`.
    node
        Technology for which it holds, such as ``45 nm``.
    source
        Publication, by arXiv number, DOI or title, or what is assumed and why.
    assumption
        Whether no source gives it for this use.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]
    unit: Text
    node: Text
    source: Text
    assumption: Annotated[bool, Field(strict=True)] = False


def with_unit(unit: str) -> Callable[[Any], Any]:
    """A validator of constants, or of other values with a `unit`, that must have that one."""

    def check(constant: Any) -> Any:
        if constant.unit != unit:
            raise ValueError(f"unit must be {unit!r}, got {constant.unit!r}")
        return constant

    return check


Picojoules = Annotated[Constant, AfterValidator(with_unit("pJ"))]
Femtojoules = Annotated[Constant, AfterValidator(with_unit("fJ"))]
Femtofarads = Annotated[Constant, AfterValidator(with_unit("fF"))]
Volts = Annotated[Constant, AfterValidator(with_unit("V"))]
Bits = Annotated[Constant, AfterValidator(with_unit("bit"))]


class Constants(BaseModel):
    """All constants of both accountings.

    Parameters
    ----------
    paper_mac, paper_cell
        pJ per effective multiply-accumulate and fJ per cell of the paper's accounting.
    multiply_32_bit, add_32_bit
        pJ per operation on integers of 32 bits.
    memory_64_bit
        pJ per access to 64 bits of SRAM.
    counter
        Width of an address counter, in bits.
    binary_match, binary_mismatch, window_match, window_mismatch
        fJ per cell of an array, by kind of cell.
    word_line_per_cell, word_line_swing
        Capacitance that each cell adds to its word line, in fF, and the voltage by which the line rises.
    adc_step
        fJ per conversion step: energy of a conversion over 2**bits (Walden's figure of merit).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    paper_mac: Picojoules
    paper_cell: Femtojoules
    multiply_32_bit: Picojoules
    add_32_bit: Picojoules
    memory_64_bit: Picojoules
    counter: Bits
    binary_match: Femtojoules
    binary_mismatch: Femtojoules
    window_match: Femtojoules
    window_mismatch: Femtojoules
    word_line_per_cell: Femtofarads
    word_line_swing: Volts
    adc_step: Femtojoules


def read_constants(path: Path = DEFAULT) -> Constants:
    """Constants of a TOML file that has each of them as a table, and nothing else.

    Raises
    ------
    EngramError
        If the file cannot be read or is not exactly that.
    """
    return read_table(path, Constants)


def file_named(name: str, own: tuple[str, ...], folder: Path, what: str) -> Path:
    """The file of that name among our `own` in a folder, or the user's ``*.toml``.

    Raises
    ------
    EngramError
        If the name is neither; `what` says in the message what it should be.
    """
    if name in own:
        return folder / f"{name}.toml"
    if name.endswith(".toml"):
        return Path(name)
    raise EngramError(f"{what} must be a *.toml file or one of {', '.join(own)}, got {name!r}")


def read_table(path: Path, model: type[Table]) -> Table:
    """Constants of a TOML file that has a table for each of a model's, and nothing else; raises as above."""
    table = read_toml(path)
    check_keys(table, model, path, "")
    for name, constant in table.items():
        if not isinstance(constant, dict):
            raise EngramError(f"{path}: {name} must be a table, got {constant!r}")
        check_keys(constant, Constant, path, f" in [{name}]")
    return validated(model, table, str(path))


def check_keys(table: dict[str, Any], model: type[BaseModel], path: Path, where: str) -> None:
    """Refuse unknown keys and a lack of required ones; `where` says in which part of the file.

    Raises
    ------
    EngramError
        If there are any.
    """
    for key in table:
        if key not in model.model_fields:
            raise EngramError(f"{path}: unknown key {key!r}{where}; known: {', '.join(model.model_fields)}")
    for key, field in model.model_fields.items():
        if field.is_required() and key not in table:
            raise EngramError(f"{path}: {key} must be given{where}, it is not")
