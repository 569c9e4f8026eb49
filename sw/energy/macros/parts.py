"""Parts of a macro: their quantities, how they are built, and what a chip measured."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sw.energy.macros.senses import SenseName
from sw.energy.quantity import Femtofarads, Femtojoules, Nanoseconds, Shares, SquareMicrons, SquareVolts

__all__ = ["Cell", "Control", "FigureName", "Geometry", "Inputs", "Lines", "Measured", "Sense"]

Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1, le=2**20, strict=True)]
FigureName = Literal[
    "energy per operation",
    "energy per cell",
    "energy per conversion",
    "energy per read",
    "efficiency",
    "throughput",
    "time",
    "area",
    "cell area",
]


class Part(BaseModel):
    """A part of a macro: quantities, and how it is built."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cell(Part):
    """A cell, of which one lies where a word-line value meets a match line.

    Parameters
    ----------
    kind
        ``binary``: a complementary pair; ``window``: a range of levels.
    match, mismatch
        fJ for every pulse of the inputs.
    area
        um2.
    """

    kind: Literal["binary", "window"]
    match: Femtojoules
    mismatch: Femtojoules
    area: SquareMicrons


class Lines(Part):
    """Word lines with their drivers.

    Parameters
    ----------
    per_value, raised
        Lines of one word-line value, each with a driver, and how many of them rise at a pulse.
    driver, per_cell
        fF of a driver and of every cell on the line.
    swing
        V2: energy of a rise over the capacitance.
    area
        um2 of a driver.
    """

    per_value: Count
    raised: Count
    driver: Femtofarads
    per_cell: Femtofarads
    swing: SquareVolts
    area: SquareMicrons


class Sense(Part):
    """What turns the current of a match line into a code.

    Parameters
    ----------
    kind
        See :data:`sw.energy.macros.senses.SENSES`.
    base, per_decision, per_level, per_step
        fJ of a conversion: always; for every decision; times 2**bits; for every step of integration.
    area, level_area
        um2 of one converter: always, and times 2**bits.
    step, sample, decision
        ns of a step of integration, which all match lines take at once; of sampling and of a decision, which
        the match lines of a converter take one after the other.
    """

    kind: SenseName
    base: Femtojoules
    per_decision: Femtojoules
    per_level: Femtojoules
    per_step: Femtojoules
    area: SquareMicrons
    level_area: SquareMicrons
    step: Nanoseconds
    sample: Nanoseconds
    decision: Nanoseconds


class Control(Part):
    """Everything else.

    Parameters
    ----------
    read
        fJ of a read of one tile.
    share
        Of the area of a tile, below 1.
    """

    read: Femtojoules
    share: Shares


class Geometry(Part):
    """A tile and its codes.

    Parameters
    ----------
    rows, cols
        Word-line values and match lines.
    cols_per_adc
        Match lines of one converter.
    output_bits, input_bits
        Of a code, 0 where nothing is converted; and of a value on the word lines.
    """

    rows: Count
    cols: Count
    cols_per_adc: Count
    output_bits: Annotated[int, Field(ge=0, le=16, strict=True)]
    input_bits: Annotated[int, Field(ge=1, le=8, strict=True)]


class Inputs(Part):
    """How values of several bits are driven.

    Parameters
    ----------
    signed
        Whether a bit of them is the sign, which the polarity of a pulse shows.
    phase_bits
        Bits that are integrated at most before a conversion; more take two phases.
    """

    signed: Annotated[bool, Field(strict=True)]
    phase_bits: Count


class Measured(Part):
    """A published figure of the chip.

    Parameters
    ----------
    figure
        Its name, one of a kind within the macro.
    quantity
        What of the model stands beside it.
    value, unit
        As published.
    part
        Part of the macro that it is about, None for the whole.
    rows, cols, output_bits, input_bits
        Where the figure is not at the geometry of the chip.
    copies
        Tiles that work side by side.
    match_share
        Share of the cells that match.
    source
        Where it stands; that of the file if left out.
    """

    figure: Text
    quantity: FigureName
    value: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
    unit: Text
    part: Literal["cells", "word_lines", "converters", "control"] | None = None
    rows: Count | None = None
    cols: Count | None = None
    output_bits: Annotated[int, Field(ge=0, le=16, strict=True)] | None = None
    input_bits: Annotated[int, Field(ge=1, le=8, strict=True)] | None = None
    copies: Count = 1
    match_share: Annotated[float, Field(ge=0, le=1, strict=True)] = 0.5
    source: Text | None = None
