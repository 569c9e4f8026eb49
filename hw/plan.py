"""Plan: the cheapest parallelism of every layer within a cycle budget, and the fastest that fits a board.

For each layer all sizes are listed with their cycles, zero weights counted; the cheapest chain that fits
together is found by dynamic programming from the last layer to the first.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

from constraints.boards import Board, Family, load_all
from hw.estimate import Estimate, estimate
from hw.fit import block_rams
from hw.frontend.cost import cells_of
from hw.frontend.memories import unit_memories
from hw.frontend.schedule import LayerSchedule, Parallelism
from hw.quantiser import quantiser_cycles
from sw.bundle import Bundle
from sw.design import PIXEL_BITS, LayerShape
from sw.errors import EngramError

__all__ = ["Planner", "default_parallelism", "fastest_that_fits"]

LANES = (1, 2, 4, 8, 16, 32)
TAPS = (1, 2, 3, 4, 5, 9)
SEARCHERS = (1, 2, 4, 8)
CELL_MARGIN = 0.12
"""Share of a part's cells that stays free: routing needs it, and the estimate errs."""
BUDGET_STEP = 1.12
"""Ratio of neighbouring cycle budgets that are tried."""
EXCHANGE = (0.5, 2.0, 10.0)
"""What a block RAM may be worth, in the part's own ratio of cells to block RAM, most balanced first."""


@dataclass(frozen=True)
class _Option:
    """One size of one layer: what it gives to the next and what it costs."""

    size: Parallelism
    at_once: int
    cycles: int
    cells: float
    block_rams: int


@dataclass(frozen=True, eq=False)
class Planner:
    """Finds plans for one bundle on one family.

    Parameters
    ----------
    bundle
        Layers and weights.
    family
        FPGA family.
    """

    bundle: Bundle
    family: Family

    @cached_property
    def _options(self) -> list[list[_Option]]:
        design = self.bundle.design
        options, value_bits = [], PIXEL_BITS
        parts = zip(design.layers, design.layer_shapes, self.bundle.frontend, strict=True)
        for number, (layer, shape, trained) in enumerate(parts):
            schedules = [
                LayerSchedule(layer, shape, trained, size)
                for size in _sizes(layer.has_weights, shape, first=number == 0)
            ]
            options.append([self._option(schedule, value_bits) for schedule in schedules])
            if layer.has_weights:
                value_bits = layer.activation_bits or schedules[0].accumulator_bits
        return options

    def _option(self, schedule: LayerSchedule, value_bits: int) -> _Option:
        size = schedule.parallelism
        rams = sum(
            block_rams(plan.depth, plan.width, self.family, read_only=not plan.writable)
            for plan in unit_memories(schedule, value_bits, "")
            if plan.style == "block"
        )
        return _Option(
            size, schedule.values_at_once, schedule.cycles, cells_of(schedule, value_bits, self.family), rams
        )

    def cheapest(self, budget: int, cells_per_block_ram: float) -> tuple[Parallelism, ...] | None:
        """The cheapest plan with at most `budget` cycles per image for every unit, or None.

        A block RAM counts as much as `cells_per_block_ram` logic cells.
        """
        best: dict[int, tuple[float, tuple[Parallelism, ...]]] = {1: (0.0, ())}
        for options in reversed(self._options):
            chosen: dict[int, tuple[float, tuple[Parallelism, ...]]] = {}
            for option in options:
                behind = [found for lanes, found in best.items() if lanes % option.at_once == 0]
                if option.cycles > budget or not behind:
                    continue
                cost, tail = min(behind, key=lambda found: found[0])
                cost += option.cells + cells_per_block_ram * option.block_rams
                lanes = option.size.input_lanes
                if lanes not in chosen or cost < chosen[lanes][0]:
                    chosen[lanes] = (cost, (option.size, *tail))
            best = chosen
        return best[1][1] if 1 in best else None

    def budgets(self) -> list[int]:
        """Cycle budgets from the fastest that any size reaches to the slowest that makes sense."""
        slowest = max((max(option.cycles for option in options) for options in self._options), default=1)
        budget = float(
            max((min(option.cycles for option in options) for options in self._options), default=1)
        )
        found = []
        while budget < slowest * BUDGET_STEP:
            found.append(int(budget))
            budget *= BUDGET_STEP
        return found


def fastest_that_fits(bundle: Bundle, board: Board) -> tuple[tuple[Parallelism, ...], Estimate]:
    """The parallelism with the fewest cycles per image whose estimate fits the board, and that estimate.

    No unit is made faster than the slowest of pixel input, quantiser and array, which nothing would gain by.

    Raises
    ------
    EngramError
        If not even the smallest front end fits.
    """
    limits = board.limits
    planner = Planner(bundle, board.family)
    floor = estimate(bundle, None, board.family).cycles_per_image
    floor = max(floor, bundle.design.height * bundle.design.width, quantiser_cycles(bundle.design))
    leanest: Estimate | None = None
    for budget in planner.budgets():
        for share in EXCHANGE:
            plan = planner.cheapest(max(budget, floor), share * limits.luts / limits.block_rams)
            if plan is None:
                continue
            expected = estimate(bundle, plan, board.family)
            if expected.fits(board, CELL_MARGIN):
                return plan, expected
            if leanest is None or expected.block_rams < leanest.block_rams:
                leanest = expected
    assert leanest is not None
    raise EngramError(
        f"{bundle.design.name!r} with its front end needs about {leanest.cells} logic cells and "
        f"{leanest.block_rams} block RAM, the {board.device} of {board.name} has {limits.luts} and "
        f"{limits.block_rams}{_alternative(bundle, board)}; or use --from features, or a smaller student"
    )


def _alternative(bundle: Bundle, board: Board) -> str:
    """The smallest larger board that holds the front end, in words."""
    for other in load_all():
        if other.limits.luts > board.limits.luts:
            plan = Planner(bundle, other.family).cheapest(10**9, other.limits.luts / other.limits.block_rams)
            if plan is not None and estimate(bundle, plan, other.family).fits(other, CELL_MARGIN):
                return f"; the smallest known board that fits is {other.name}"
    return "; no known board has it"


def default_parallelism(bundle: Bundle) -> tuple[Parallelism, ...]:
    """The fastest front end for the smallest known board that holds one.

    Raises
    ------
    EngramError
        If no known board does.
    """
    refusal: EngramError | None = None
    for board in load_all():
        try:
            return fastest_that_fits(bundle, board)[0]
        except EngramError as error:
            refusal = error
    assert refusal is not None
    raise refusal


def _sizes(has_weights: bool, shape: LayerShape, *, first: bool) -> list[Parallelism]:
    """All sizes that do not waste whole lanes."""
    inputs, outputs = shape.inputs[0], shape.outputs[0]
    input_lanes = [1] if first else [lanes for lanes in LANES if lanes < 2 * inputs]
    if not has_weights:
        return [Parallelism(lanes) for lanes in input_lanes]
    output_lanes = [lanes for lanes in LANES if lanes < 2 * outputs]
    return [
        Parallelism(inside, outside, taps, searchers)
        for inside, outside, taps, searchers in product(input_lanes, output_lanes, TAPS, SEARCHERS)
        if searchers <= outside
    ]
