"""Estimate: logic cells, block RAM and cycles of a whole chip before synthesis."""

from dataclasses import dataclass

from constraints.boards import Board, Family
from hw.fit import code_sprams, planned_block_rams
from hw.frontend.cost import coefficients
from hw.frontend.variant import Sizes, plan_front_end
from hw.quantiser import cycles_per_value
from hw.timing import accelerator_timing
from sw.bundle import Bundle
from sw.design import DesignPoint

__all__ = ["Estimate", "chip_cells", "chip_terms", "estimate", "image_cycles"]

FLASH_LOADER_CELLS = 180
"""What :class:`hw.flash.FlashLoader` and the answers of a chip that is not ready take, from a netlist."""


@dataclass(frozen=True)
class Estimate:
    """What a chip is expected to need.

    Attributes
    ----------
    cells
        Logic cells: LC of an iCE40, TRELLIS_COMB of an ECP5.
    block_rams
        Block RAMs, exact.
    sprams
        Single-port RAMs, exact; 0 when the codes are in block RAM.
    cycles_per_image
        Interval between results of images that follow each other closely.
    """

    cells: int
    block_rams: int
    cycles_per_image: int
    sprams: int = 0

    def fits(self, board: Board, margin: float) -> bool:
        """Whether the board has it, with `margin` of the cells to spare."""
        limits = board.limits
        memories = self.block_rams <= limits.block_rams and self.sprams <= limits.sprams
        return memories and self.cells <= limits.luts * (1 - margin)


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
    cells = chip_cells(bundle.design, family, with_front_end=parallelism is not None, spram=spram)
    if parallelism is not None:
        cells += plan_front_end(bundle, parallelism).cells(family)
    return Estimate(
        round(cells),
        planned_block_rams(bundle, family, parallelism, spram=spram),
        image_cycles(bundle, parallelism),
        code_sprams(bundle.design) if spram else 0,
    )


def chip_cells(design: DesignPoint, family: Family, *, with_front_end: bool, spram: bool = False) -> float:
    """Estimated logic cells of everything but the layer units."""
    weight = coefficients(family, "chip")
    terms = chip_terms(design, with_front_end=with_front_end)
    loader = FLASH_LOADER_CELLS if spram else 0
    return loader + sum(weight[name] * amount for name, amount in terms.items())


def chip_terms(design: DesignPoint, *, with_front_end: bool) -> dict[str, float]:
    """What everything but the layer units is made of, in the quantities that cells grow with."""
    return {
        "chip": 1.0,
        "images": float(with_front_end),
        "cell_bits": float(design.col_lanes * design.row_lanes * design.cell_bits),
        "current_bits": float(design.col_lanes * design.max_current.bit_length()),
        "score_bits": float(design.max_score.bit_length()),
        "adc": float(design.adc_bits or 0),
    }


def image_cycles(bundle: Bundle, parallelism: Sizes | None) -> int:
    """Cycles per image: the slower of array and front end, whose features the quantiser takes."""
    design = bundle.design
    array = accelerator_timing(design).interval
    if parallelism is None:
        return array
    return max(array, plan_front_end(bundle, parallelism).cycles(cycles_per_value(design)))
