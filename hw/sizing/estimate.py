"""Estimate: logic cells, flip-flops, memories, multipliers and cycles of a whole chip before synthesis."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from constraints.boards import Board, Family
from hw.families.known import known
from hw.frontend.cost import Resource, priced
from hw.frontend.variant import Sizes, plan_front_end
from hw.geometry import ArrayGeometry
from hw.sizing.fit import planned_memories
from hw.sizing.image_timing import image_cycles
from hw.sizing.ram import ram_slices
from sw.bundle import Bundle
from sw.reference.noise import BYTES_MEAN

__all__ = ["Estimate", "chip_cost", "chip_dsps", "chip_terms", "estimate"]

PROGRAMMER: dict[Resource, int] = {"cells": 850, "ffs": 320}
"""Cost of a pulse rule in a chip: programmer, device response, requests for cells, the search for an
entry, which synthesis removes elsewhere. From netlists of four chips on iCE40."""
PROGRAMMED_BIT: dict[bool, dict[Resource, float]] = {
    False: {"cells": 4.8, "ffs": 2.1},
    True: {"cells": 3.2, "ffs": 0.0},
}
"""Its cost for each bit of an entry of the code memory, without and with single-port RAM: to pick and to
change a code, and around block RAM that is read and written at one address."""

READ_NOISE: dict[Resource, int] = {"cells": 750, "ffs": 465}
"""Cost of :class:`hw.array.noise.read_noise.ReadNoiseAdder`, 667 to 721 cells, and the host's index. From
netlists of four widths on both families."""


@dataclass(frozen=True)
class Estimate:
    """Expected resources and speed of a chip.

    Attributes
    ----------
    cells
        Logic cells: LC of an iCE40, TRELLIS_COMB of an ECP5.
    ffs
        Flip-flops.
    block_rams
        Block RAMs, exact.
    sprams
        Single-port RAMs, exact; 0 when the codes are in block RAM.
    dsps
        Hard multipliers, exact.
    cycles_per_image
        Interval between results of images that follow each other closely.
    """

    cells: int
    ffs: int
    block_rams: int
    dsps: int
    cycles_per_image: int
    sprams: int = 0

    def fits(self, board: Board, margin: float) -> bool:
        """Whether the board has it, with `margin` of the cells to spare."""
        limits = board.limits
        multipliers = self.dsps <= limits.dsps or limits.dsps == 0  # without any, products go into logic
        memories = self.block_rams <= limits.block_rams and self.sprams <= limits.sprams
        return multipliers and memories and self.cells <= limits.luts * (1 - margin)


def estimate(bundle: Bundle, parallelism: Sizes | None, family: Family, *, spram: bool = False) -> Estimate:
    """Estimate of :class:`hw.chip.Chip` with the same arguments.

    Parameters
    ----------
    bundle, parallelism
        What the chip is made of; None is a chip without front end.
    family
        FPGA family.
    spram
        Whether the codes are in single-port RAM.
    """
    front = None if parallelism is None else plan_front_end(bundle, parallelism)

    def amount(resource: Resource) -> int:
        rest = chip_cost(bundle, family, resource, with_front_end=front is not None, spram=spram)
        return round(rest + (front.cost(family, resource) if front else 0))

    memories = planned_memories(bundle, family, parallelism, spram=spram)
    return Estimate(
        cells=amount("cells"),
        ffs=amount("ffs"),
        block_rams=sum(memory.block_rams for memory in memories),
        dsps=chip_dsps(bundle, family) + (front.dsps(family) if front else 0),
        cycles_per_image=image_cycles(bundle, parallelism),
        sprams=sum(memory.sprams for memory in memories),
    )


def chip_dsps(bundle: Bundle, family: Family) -> int:
    """Hard multipliers of everything but the front end: of gain, read noise and currents of window cells."""
    design, count = bundle.design, 0
    if design.adc_bits is not None:
        count += _dsps_of_product(design.max_current, bundle.array.adc.gain, family)
    if design.cell == "window":
        step = np.array([design.match_code - design.mismatch_code])
        count += _dsps_of_product(design.rows_in_tile(0), step, family)
    if bundle.array.read_noise is not None:
        count += _dsps_of_product(2 * BYTES_MEAN, bundle.array.read_noise.scale, family)
    return count


def _dsps_of_product(largest: int, factors: NDArray, family: Family) -> int:
    """Hard multipliers of a value up to `largest` times one of some factors.

    A factor is a constant where all are alike: then its lowest zeros cost nothing, and a power of two none.
    """
    most = int(factors.max())
    if (factors == most).all():
        most //= most & -most or 1
        if most <= 1:
            return 0
    widths = (largest.bit_length(), most.bit_length())
    if sum(widths) < known(family).smallest_product_bits:
        return 0
    operand = known(family).operand_bits
    return ceil(widths[0] / operand) * ceil(widths[1] / operand)


def chip_cost(
    bundle: Bundle, family: Family, resource: Resource, *, with_front_end: bool, spram: bool = False
) -> float:
    """Estimated logic cells or flip-flops of everything but the front end."""
    terms = chip_terms(bundle, family, with_front_end=with_front_end, spram=spram)
    further: float = 0
    if bundle.array.pulse is not None:
        width = ArrayGeometry(bundle.design).code_width
        further += PROGRAMMER[resource] + width * PROGRAMMED_BIT[spram][resource]
    if bundle.array.read_noise is not None:
        further += READ_NOISE[resource]
    if bundle.array.adc.inl.size:
        further += known(family).nonlinearity[resource]
    return priced(terms, "chip", family, resource) + further


def chip_terms(
    bundle: Bundle, family: Family, *, with_front_end: bool, spram: bool = False
) -> dict[str, float]:
    """Parts of a chip besides the layer units, counted in the quantities that cells grow with.

    ``choice_bits``: bits to choose from behind the block RAMs of the codes, where these are deeper than one.
    ``flash``: what loads the codes into single-port RAM. ``window_bits``: comparisons of window cells.
    ``table_bits``: gains and offsets of ADCs that are not alike.
    """
    design = bundle.design
    geometry = ArrayGeometry(design)
    cell_bits = float(design.col_lanes * design.row_lanes * design.cell_bits)
    slices = 1 if spram else ram_slices(geometry.code_depth, geometry.code_width, family, read_only=True)
    return {
        "chip": 1.0,
        "images": float(with_front_end),
        "flash": float(spram),
        "counter_bits": float(
            sum(count.bit_length() for count in (design.features, design.templates, design.row_tiles))
        ),
        "word_bits": float(geometry.word_bits),
        "choice_bits": float(geometry.code_width * (slices - 1)),
        "cell_bits": cell_bits,
        "window_bits": cell_bits if design.cell == "window" else 0.0,
        "current_bits": float(design.col_lanes * design.max_current.bit_length()),
        "score_bits": float(design.max_score.bit_length()),
        "adc": float(design.adc_bits or 0),
        "table_bits": _bits_that_differ(bundle.array.adc.gain) + _bits_that_differ(bundle.array.adc.offset),
    }


def _bits_that_differ(table: NDArray) -> float:
    """Bits of those entries of a table in logic that are not the most frequent one.

    Where all ADCs of a row tile are alike, one stands for them.
    """
    if not table.size:
        return 0.0
    if (table == table[:, :1]).all():
        table = table[:, :1]
    values, counts = np.unique(table, return_counts=True)
    differing = np.bitwise_or.reduce(values ^ values[0])
    return float((table.size - counts.max()) * int(differing).bit_count())
