"""Fold plan: the fastest folded front end that fits a board. All useful sizes of the engine are tried."""

from functools import cached_property
from itertools import product
from math import floor
from typing import get_args

from constraints.boards import Board, Family
from hw.boards.known import load_all
from hw.frontend.cost import Resource, engine_dsps, engine_terms, gather_cost, priced
from hw.frontend.folded.fold import Fold
from hw.frontend.schedule import Parallelism
from hw.frontend.streaming.frontend import feature_range
from hw.frontend.variant import Folded
from hw.quantiser.quantiser import cycles_per_value
from hw.sizing.chip_memories import memories_behind
from hw.sizing.estimate import Estimate, chip_cost, chip_dsps
from hw.sizing.fit import planned, ram_of, spram_serves, too_large
from hw.sizing.image_timing import image_cycles
from hw.sizing.options import LANES, SEARCHERS, TAPS
from hw.sizing.streaming_plan import ADVICE, CELL_MARGIN
from sw.bundle import Bundle
from sw.errors import EngramError

__all__ = ["FoldPlanner"]


class FoldPlanner:
    """Finds folded front ends of one bundle.

    Parameters
    ----------
    bundle
        Layers and weights.

    Raises
    ------
    EngramError
        If the layers cannot be folded, see :class:`hw.frontend.folded.fold.Fold`.
    """

    def __init__(self, bundle: Bundle):
        self._bundle = bundle
        self._estimates: dict[tuple[Family, bool], list[tuple[Parallelism, Estimate]]] = {}
        try:
            self._serial = Fold(bundle, Parallelism())
        except ValueError as error:
            raise EngramError(f"{bundle.design.name!r}: {error}; choose the streaming variant") from None

    def fastest(self, board: Board, *, spram: bool = False) -> Folded | None:
        """The size with the fewest cycles per image that fits the board, or None.

        Of those with equal cycles it takes the least of the part, cells and block RAM counted as shares. With
        `spram` the codes are not in block RAM.
        """
        limits = board.limits

        def rank(found: tuple[Parallelism, Estimate]) -> tuple[int, float]:
            _, expected = found
            return (
                expected.cycles_per_image,
                expected.cells / limits.luts + expected.block_rams / max(1, limits.block_rams),
            )

        fitting = [found for found in self._of(board.family, spram) if found[1].fits(board, CELL_MARGIN)]
        return Folded(min(fitting, key=rank)[0]) if fitting else None

    def refusal(self, board: Board) -> EngramError:
        """Why no size fits the board: the resource that the most modest one is short of."""
        limits = board.limits
        usable = floor(limits.luts * (1 - CELL_MARGIN))

        def shares(expected: Estimate) -> tuple[float, float]:
            return expected.cells / usable, expected.block_rams / max(1, limits.block_rams)

        def serves(other: Board) -> bool:
            return spram_serves(self._bundle.design, other)

        sizes = self._of(board.family, serves(board))
        least = min((expected for _, expected in sizes), key=lambda one: max(shares(one)))
        others = (
            other
            for other in load_all()
            if other.name != board.name and self.fastest(other, spram=serves(other))
        )
        need, have = f"{least.block_rams} block RAM", ram_of(board, self._bundle.design)
        if shares(least)[0] > shares(least)[1]:
            need, have = f"about {least.cells} logic cells", f"{limits.luts}, of which {usable} can be filled"
        return too_large(self._bundle, board, need, have, next(others, None), ADVICE)

    @cached_property
    def _folds(self) -> list[tuple[Fold, int]]:
        """Every size that does not waste whole lanes, with its cycles per image."""
        shapes = self._bundle.design.layer_shapes
        most_inputs = max(shape.inputs[0] for shape in shapes)
        most_outputs = max(shape.outputs[0] for shape in shapes)
        array = image_cycles(self._bundle, None)
        value_cycles = cycles_per_value(self._bundle.design)
        found = []
        for inputs, outputs in product(LANES, LANES):
            if inputs >= 2 * most_inputs or outputs >= 2 * most_outputs:
                continue
            fold = Fold(self._bundle, Parallelism(inputs, outputs))
            for taps, searchers in product(TAPS, SEARCHERS):
                if searchers <= min(inputs, outputs):
                    other = fold.resized(taps, searchers)
                    found.append((other, max(array, other.cycles(value_cycles))))
        return found

    def _of(self, family: Family, spram: bool) -> list[tuple[Parallelism, Estimate]]:
        """Estimates of all sizes, memories counted by depth and width."""
        if (family, spram) not in self._estimates:
            chip = {
                resource: chip_cost(self._bundle, family, resource, with_front_end=True, spram=spram)
                for resource in get_args(Resource)
            }
            dsps = chip_dsps(self._bundle, family)
            plans = memories_behind(self._bundle, feature_range(self._serial.schedules))
            behind = [planned(plan, family, spram=spram) for plan in plans]
            taken = sum(memory.block_rams for memory in behind)
            self._estimates[family, spram] = [
                (
                    fold.parallelism,
                    Estimate(
                        cells=round(chip["cells"] + gather + priced(engine, "engine", family, "cells")),
                        ffs=round(chip["ffs"] + gather + priced(engine, "engine", family, "ffs")),
                        block_rams=taken
                        + sum(
                            planned(plan, family).block_rams
                            for plan in fold.memories()
                            if plan.style == "block"
                        ),
                        dsps=dsps + engine_dsps(fold, family),
                        cycles_per_image=cycles,
                        sprams=sum(memory.sprams for memory in behind),
                    ),
                )
                for fold, cycles in self._folds
                for engine, gather in [(engine_terms(fold, family), gather_cost(fold.pixel_lanes))]
            ]
        return self._estimates[family, spram]
