"""Fit: what a classifier needs of an FPGA, before synthesis and after, and which board would do."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from constraints.boards import Board, Family, Limits
from hw.boards.known import load_all
from hw.families.known import known
from hw.frontend.unit_memories import MemoryPlan
from hw.frontend.variant import Sizes
from hw.geometry import ArrayGeometry
from hw.sizing.chip_memories import CODES, chip_memories
from hw.sizing.ram import block_rams, single_port_rams
from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.errors import EngramError

ADVICE = "change --row-lanes or --col-lanes, or use fewer features, templates or cell bits"

__all__ = [
    "PlannedMemory",
    "Usage",
    "check_netlist",
    "check_plan",
    "code_sprams",
    "codes_in_spram",
    "narrowed_for_spram",
    "netlist_usage",
    "planned",
    "planned_block_rams",
    "planned_memories",
    "ram_of",
    "spram_serves",
    "too_large",
]


@dataclass(frozen=True)
class PlannedMemory:
    """One memory and the block RAM or single-port RAM it takes."""

    name: str
    depth: int
    width: int
    block_rams: int
    sprams: int = 0


@dataclass(frozen=True)
class Usage:
    """Cells of a synthesised netlist."""

    luts: int
    ffs: int
    block_rams: int
    dsps: int
    sprams: int = 0


def planned_memories(
    bundle: Bundle, family: Family, parallelism: Sizes | None = None, *, spram: bool = False
) -> tuple[PlannedMemory, ...]:
    """Every memory of the chip with its block RAM, the codes in single-port RAM if `spram`.

    Bits that are equal in all entries of a memory that is never written, such as the upper bits of ideal
    codes in wide cells, are constants and take no RAM.
    """
    return tuple(planned(memory, family, spram=spram) for memory in chip_memories(bundle, parallelism))


def planned(memory: MemoryPlan, family: Family, *, spram: bool = False) -> PlannedMemory:
    """One memory with its block RAM, see :func:`planned_memories`."""
    if spram and memory.name == CODES:
        sprams = single_port_rams(memory.depth, memory.width, family)
        return PlannedMemory(memory.name, memory.depth, memory.width, 0, sprams)
    width = memory.width
    if memory.contents is not None:
        width = (reduce(or_, memory.contents) & ~reduce(and_, memory.contents)).bit_count()
    count = block_rams(memory.depth, width, family, read_only=not memory.writable) if width else 0
    return PlannedMemory(memory.name, memory.depth, memory.width, count)


def planned_block_rams(
    bundle: Bundle, family: Family, parallelism: Sizes | None = None, *, spram: bool = False
) -> int:
    """Block RAM of the whole chip, without its codes if `spram`."""
    return sum(memory.block_rams for memory in planned_memories(bundle, family, parallelism, spram=spram))


def code_sprams(design: DesignPoint, family: Family) -> int:
    """Single-port RAMs that the codes take, side by side for the width of an entry."""
    geometry = ArrayGeometry(design)
    return single_port_rams(geometry.code_depth, geometry.code_width, family)


def spram_serves(design: DesignPoint, board: Board) -> bool:
    """Whether the board has single-port RAM for the codes, and a flash that they can come from."""
    if board.flash is None or not board.limits.sprams:
        return False
    return code_sprams(design, board.family) <= board.limits.sprams


def codes_in_spram(bundle: Bundle, board: Board, parallelism: Sizes | None = None) -> bool:
    """Whether the codes go into single-port RAM: only where block RAM runs out, and where that helps."""
    available = board.limits.block_rams
    return (
        spram_serves(bundle.design, board)
        and planned_block_rams(bundle, board.family, parallelism) > available
        and planned_block_rams(bundle, board.family, parallelism, spram=True) <= available
    )


def narrowed_for_spram(bundle: Bundle, board: Board) -> Bundle | None:
    """With as few row lanes less as it takes for the codes to fit the board's single-port RAM.

    None where they fit as they are, or with no number of lanes.
    """
    design = bundle.design
    if board.flash is None or spram_serves(design, board):
        return None
    for lanes in range(design.row_lanes - 1, 0, -1):
        narrowed = design.with_(row_lanes=lanes)
        if spram_serves(narrowed, board):
            return bundle.with_(design=narrowed)
    return None


def check_plan(bundle: Bundle, board: Board, parallelism: Sizes | None = None) -> None:
    """Refuse a bundle whose memories do not fit the board.

    Raises
    ------
    EngramError
        With what it needs, what the part has, and the smallest board that has enough.
    """
    spram = codes_in_spram(bundle, board, parallelism)
    needed = planned_block_rams(bundle, board.family, parallelism, spram=spram)
    if needed > board.limits.block_rams:
        fitting = next(iter(_boards_with_ram_for(bundle, parallelism)), None)
        raise too_large(bundle, board, f"{needed} block RAM", ram_of(board, bundle.design), fitting, ADVICE)


def netlist_usage(cells: Mapping[str, int], family: Family) -> Usage:
    """Sum up the cells of a netlist by kind, from their number by type."""
    kinds = known(family).netlist_cells

    def total(names: tuple[str, ...]) -> int:
        return sum(cells.get(name, 0) for name in names)

    return Usage(
        luts=sum(luts * cells.get(name, 0) for name, luts in kinds.luts.items()),
        ffs=sum(number for name, number in cells.items() if name.startswith(kinds.ffs)),
        block_rams=total(kinds.block_rams),
        dsps=total(kinds.multipliers),
        sprams=total(kinds.single_port_rams),
    )


def check_netlist(bundle: Bundle, board: Board, usage: Usage, parallelism: Sizes | None = None) -> None:
    """Refuse a netlist that the part cannot hold, before place and route finds out the slow way.

    Raises
    ------
    EngramError
        As :func:`check_plan`. Other boards are judged by the same counts, which differ little between parts.
    """
    for name, needed, available in _comparison(usage, board.limits):
        if needed > available:
            fitting = [
                other
                for other in _boards_with_ram_for(bundle, parallelism)
                if usage.luts <= other.limits.luts and usage.ffs <= other.limits.ffs
            ]
            first = next(iter(fitting), None)
            raise too_large(bundle, board, f"{needed} {name}", str(available), first, ADVICE)


def _boards_with_ram_for(bundle: Bundle, parallelism: Sizes | None) -> list[Board]:
    """Boards with enough block RAM, or single-port RAM for the codes, smallest first."""
    boards = load_all()
    families = {board.family for board in boards}
    needed = {family: planned_block_rams(bundle, family, parallelism) for family in families}
    return [
        board
        for board in boards
        if needed[board.family] <= board.limits.block_rams or codes_in_spram(bundle, board, parallelism)
    ]


def _comparison(usage: Usage, limits: Limits) -> tuple[tuple[str, int, int], ...]:
    return (
        ("look-up tables", usage.luts, limits.luts),
        ("flip-flops", usage.ffs, limits.ffs),
        ("block RAM", usage.block_rams, limits.block_rams),
        ("single-port RAM", usage.sprams, limits.sprams),
        ("multipliers", usage.dsps, limits.dsps),
    )


def ram_of(board: Board, design: DesignPoint) -> str:
    """The block RAM of a board, and why its single-port RAM does not help if it does not."""
    block_rams, sprams = board.limits.block_rams, board.limits.sprams
    if not sprams or spram_serves(design, board):
        return str(block_rams)
    taken = code_sprams(design, board.family)
    return f"{block_rams}, and {sprams} single-port RAM where the codes would take {taken}"


def too_large(
    bundle: Bundle, board: Board, needed: str, available: str, fitting: Board | None, advice: str
) -> EngramError:
    """The one line for a chip that a board cannot hold."""
    best = f"the smallest known board that fits is {fitting.name}" if fitting else "no known board has it"
    return EngramError(
        f"{bundle.design.name!r} needs {needed}, the {board.device} of {board.name} has {available}; "
        f"{best}; or {advice}"
    )
