"""Plan: the fastest front end that fits a board, and a clear no with the resource that is short.

For each layer all useful sizes are listed with their cycles, zero weights counted. The cheapest chains that
fit together are found by dynamic programming from the last layer to the first, in logic cells for every
number of block RAM, so that no exchange rate between the two is needed.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import floor

import numpy as np
from numpy.typing import NDArray

from constraints.boards import Board, Family
from hw.boards.known import load_all
from hw.frontend.paths import edges_of, waits_of
from hw.frontend.schedule import Parallelism
from hw.frontend.streaming.frontend import feature_range
from hw.frontend.unit_memories import MemoryPlan
from hw.quantiser.quantiser import quantiser_cycles
from hw.sizing.chip_memories import memories_behind
from hw.sizing.estimate import chip_cost, chip_dsps
from hw.sizing.fit import planned, ram_of, spram_serves, too_large
from hw.sizing.image_timing import image_cycles
from hw.sizing.options import SEARCHERS, Option, layer_options, useful_schedules
from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.errors import EngramError

__all__ = ["CELL_MARGIN", "SOON_ROUTED", "Chains", "Planner"]

CELL_MARGIN = 0.12
"""Share of a part's cells that stays free: routing needs some, and the estimate errs by up to 12 % on chips
with a front end."""
SOON_ROUTED = 24_000
"""Most cells of a chip that place and route is done with in a quarter of an hour on one core: its time grows
faster than the cells. More are taken only where no front end does with so few."""
BLOCK_RAM_SHARE = 0.5
"""Weight of a share of a part's block RAM against an equal share of its cells, on which routing depends."""
ADVICE = "use --from features, or a student with fewer channels, layers or templates"


@dataclass(frozen=True, eq=False)
class Chains:
    """The cheapest front ends within some budget of cycles.

    Attributes
    ----------
    cells
        float64, by the number of block RAM that may be used: the fewest logic cells; infinite where there is
        none.
    """

    cells: NDArray[np.float64]
    _first_lanes: NDArray[np.int64]
    _links: list[dict[int, "_Link"]]

    def sizes(self, block_rams: int) -> tuple[Parallelism, ...]:
        """The front end behind ``cells[block_rams]``."""
        found, lanes, left = [], int(self._first_lanes[block_rams]), block_rams
        for links in self._links:
            link = links[lanes]
            option = link.options[link.chosen[left]]
            left -= option.block_rams
            lanes = int(link.lanes_behind[option.at_once][left])
            found.append(option.size)
        return tuple(found)


@dataclass(frozen=True, eq=False)
class _Link:
    """One layer with one number of input lanes: options, and the best one for each number of block RAM."""

    options: list[Option]
    chosen: NDArray[np.int64]
    lanes_behind: dict[int, NDArray[np.int64]]


class Planner:
    """Finds front ends of one bundle.

    Parameters
    ----------
    bundle
        Layers and weights.
    """

    def __init__(self, bundle: Bundle):
        self._bundle = bundle
        self._schedules = useful_schedules(bundle)
        self._in_chain, self._out_of_chain = _off_chain(bundle.design)
        self._options: dict[Family, list[list[Option]]] = {}

    def options(self, family: Family) -> list[list[Option]]:
        """All sizes of every layer."""
        if family not in self._options:
            self._options[family] = layer_options(self._schedules, waits_of(self._bundle.design), family)
        return self._options[family]

    @cached_property
    def budgets(self) -> list[int]:
        """Every number of cycles per image that a change of size leads to, fastest first.

        No unit is made faster than the slowest of pixel input, quantiser and array: nothing would gain by it.
        """
        design = self._bundle.design
        least = max(image_cycles(self._bundle, None), design.image_size.values, quantiser_cycles(design))
        cycles = {schedule.cycles for sizes in self._schedules for schedule in sizes}
        return sorted({max(least, value) for value in cycles} | {least})

    def chains(
        self, budget: int, family: Family, most_block_rams: int, most_dsps: int | None = None
    ) -> Chains:
        """The cheapest front ends with at most `budget` cycles per image for every unit.

        No unit alone takes more than `most_dsps` multipliers: layers with wide weights are few, mostly one.
        Where maps go several ways, every number of values that go them at once is tried.
        """
        widths = SEARCHERS if self._out_of_chain else SEARCHERS[:1]
        found = [self._chains(budget, family, most_block_rams, most_dsps, width) for width in widths]
        return min(found, key=lambda chains: chains.cells[-1])

    def _chains(
        self, budget: int, family: Family, most_block_rams: int, most_dsps: int | None, width: int
    ) -> Chains:
        """Those in which a map that goes several ways, or to an addition, does so with `width` values at once
        or fewer, and is taken by as many lanes or more, so that the ways do not depend on each other."""
        room = most_block_rams + 1
        best = {1: np.zeros(room)}
        links: list[dict[int, _Link]] = []
        options_of = self.options(family)
        for number in range(len(options_of) - 1, -1, -1):
            options, leaves = options_of[number], number in self._out_of_chain
            at_once = {option.at_once for option in options}
            behind, lanes_behind = _merged(best, at_once, room, free=leaves)
            usable = [
                option
                for option in options
                if option.cycles <= budget
                and option.block_rams < room
                and (most_dsps is None or option.dsps <= most_dsps)
                and (not leaves or option.at_once <= width)
                and (number not in self._in_chain or option.size.input_lanes >= width)
            ]
            best, found = {}, {}
            for lanes in sorted({option.size.input_lanes for option in usable}):
                mine = [option for option in usable if option.size.input_lanes == lanes]
                cells = np.full((len(mine), room), np.inf)
                for row, option in zip(cells, mine, strict=True):
                    row[option.block_rams :] = (
                        option.cells + behind[option.at_once][: room - option.block_rams]
                    )
                chosen = cells.argmin(axis=0)
                best[lanes] = cells[chosen, np.arange(room)]
                found[lanes] = _Link(mine, chosen, lanes_behind)
            links.insert(0, found)
        # What comes from outside comes value by value, so any lanes of the first layer fit behind it.
        whole, first_lanes = _merged(best, {1}, room)
        return Chains(whole[1], first_lanes[1], links)

    def fastest(self, board: Board, *, spram: bool = False) -> tuple[Parallelism, ...] | None:
        """The front end with the fewest cycles per image that fits the board, or None.

        It stays within :data:`SOON_ROUTED` where one does. Of those with equal cycles it takes the least of
        the part, see :data:`BLOCK_RAM_SHARE`. With `spram` the codes are not in block RAM.
        """
        room = self._room(board, spram=spram)
        if room.block_rams < 0:
            return None
        beyond = max(0, board.limits.luts * (1 - CELL_MARGIN) - SOON_ROUTED)
        soon = replace(room, cells=room.cells - beyond)
        return self._fastest_in(soon, board) or (self._fastest_in(room, board) if beyond else None)

    def _fastest_in(self, room: "_Room", board: Board) -> tuple[Parallelism, ...] | None:
        """The fastest front end that some room of a board holds."""
        found = None
        budgets = self.budgets
        while budgets:
            middle = len(budgets) // 2
            chains = self.chains(budgets[middle], board.family, room.block_rams, room.dsps)
            if chains.cells[-1] <= room.cells:
                found, budgets = chains, budgets[:middle]
            else:
                budgets = budgets[middle + 1 :]
        if found is None:
            return None
        shares = found.cells / board.limits.luts
        shares += BLOCK_RAM_SHARE * np.arange(len(shares)) / max(1, board.limits.block_rams)
        shares[found.cells > room.cells] = np.inf
        return found.sizes(int(shares.argmin()))

    def fits(self, board: Board) -> bool:
        """Whether the board holds any front end of this bundle."""
        room = self._room(board, spram=spram_serves(self._bundle.design, board))
        if room.block_rams < 0:
            return False
        chains = self.chains(self.budgets[-1], board.family, room.block_rams, room.dsps)
        return bool(chains.cells[-1] <= room.cells)

    def refusal(self, board: Board) -> EngramError:
        """Why no front end fits the board: the resource of which the smallest share is missing."""
        room, limits = self._room(board, spram=spram_serves(self._bundle.design, board)), board.limits
        most = max(1, limits.block_rams)
        while not np.isfinite((chains := self.chains(self.budgets[-1], board.family, most)).cells[-1]):
            most *= 2
        chains = self.chains(self.budgets[-1], board.family, 2 * most)
        usable_cells = floor(limits.luts * (1 - CELL_MARGIN))
        cells = usable_cells - room.cells + chains.cells
        block_rams = limits.block_rams - room.block_rams + np.arange(len(cells))
        least_cells = cells[block_rams <= limits.block_rams].min(initial=np.inf)
        enough = cells <= usable_cells
        least_rams = block_rams[enough if enough.any() else np.isfinite(cells)].min()
        # Either would do where more of one saves the other: then the one with the smaller part missing.
        missing_rams = least_rams / max(1, limits.block_rams) if enough.any() else np.inf
        others = (other for other in load_all() if other.name != board.name and self.fits(other))
        fitting = next(others, None)
        if np.isfinite(least_cells) and least_cells / usable_cells <= missing_rams:
            return too_large(
                self._bundle,
                board,
                f"about {least_cells:.0f} logic cells",
                f"{limits.luts}, of which {usable_cells} can be filled",
                fitting,
                ADVICE,
            )
        available = ram_of(board, self._bundle.design)
        return too_large(self._bundle, board, f"{least_rams} block RAM", available, fitting, ADVICE)

    def _room(self, board: Board, *, spram: bool) -> "_Room":
        """Resources of a board that are left for the layer units."""
        family = board.family
        taken_cells = chip_cost(self._bundle, family, "cells", with_front_end=True, spram=spram)
        cells = board.limits.luts * (1 - CELL_MARGIN) - taken_cells
        taken = sum(planned(memory, family, spram=spram).block_rams for memory in self._memories_behind)
        dsps = board.limits.dsps - chip_dsps(self._bundle, family) if board.limits.dsps else None
        return _Room(cells, board.limits.block_rams - taken, dsps)

    @cached_property
    def _memories_behind(self) -> tuple[MemoryPlan, ...]:
        return memories_behind(self._bundle, feature_range(tuple(sizes[0] for sizes in self._schedules)))


@dataclass(frozen=True)
class _Room:
    """Logic cells and block RAM, negative where even the rest of the chip does not fit, and multipliers.

    The latter are None on a part without any, where products are in logic.
    """

    cells: float
    block_rams: int
    dsps: int | None


def _off_chain(design: DesignPoint) -> tuple[set[int], set[int]]:
    """Layers that take another map than that of the layer before, or share it; and those that give it."""
    ways = [edge for edge in edges_of(design) if not edge.plain or edge.taker != edge.source + 1]
    return {edge.taker for edge in ways}, {edge.source for edge in ways}


def _merged(
    best: dict[int, NDArray[np.float64]], at_once: set[int], room: int, *, free: bool = False
) -> tuple[dict[int, NDArray[np.float64]], dict[int, NDArray[np.int64]]]:
    """Cheapest rest of the chain behind a unit that delivers so many values at once, and its input lanes;
    where it is `free`, it does not depend on them."""
    cells, lanes = {}, {}
    for values in at_once:
        fitting = [number for number in best if free or number % values == 0]
        choices = np.array([best[number] for number in fitting] or [np.full(room, np.inf)])
        chosen = choices.argmin(axis=0)
        cells[values] = choices[chosen, np.arange(room)]
        lanes[values] = np.array(fitting or [1])[chosen]
    return cells, lanes
