"""Family: what the tools, the plan and the top of a board ask about a family of FPGAs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Instance, Signal

from constraints.boards import Board, Family

__all__ = ["FpgaFamily", "NetlistCells", "RamShape"]


@dataclass(frozen=True)
class RamShape:
    """One way to use a block RAM.

    Attributes
    ----------
    depth, width
        Entries and bits.
    write_bits
        Smallest group of bits with a write enable of its own; None when only whole entries are written.
    """

    depth: int
    width: int
    write_bits: int | None = None


@dataclass(frozen=True)
class NetlistCells:
    """Names of the vendor's cells in a netlist.

    Attributes
    ----------
    luts
        Look-up tables that a cell occupies, by its name.
    ffs
        First letters of all flip-flops.
    block_rams, multipliers, single_port_rams
        Names of these.
    """

    luts: Mapping[str, int]
    ffs: str
    block_rams: tuple[str, ...]
    multipliers: tuple[str, ...]
    single_port_rams: tuple[str, ...] = ()


@dataclass(frozen=True)
class FpgaFamily:
    """All that differs between families of FPGAs.

    Attributes
    ----------
    name
        As the boards' files call it.
    vendor
        Base class of its platforms in ``amaranth.vendor``.
    named
        ``device``, ``package`` and speed grade of a platform, as boards' files spell them.
    packages
        Of every die that nextpnr has an option for, each as nextpnr spells it.
    speeds, io_types
        Speed grades, and I/O standards of inputs and outputs; empty where a board's file names none.
    clock_io_types
        Further ones, of an oscillator on a differential pair.
    plls
        Primitives.
    pll_kind
        The one for an oscillator, from die, package and pin; None where the package has none.
    dividers
        The PLL's dividers from input to output in MHz; raises EngramError when none are exact.
    pll
        The PLL of a board between its oscillator, the core's clock and the lock output, in this order.
    constraints
        Text of the file that places ports on pins, from the board and the pin of every port.
    constraint_kind
        Suffix of that file.
    constraint_options
        nextpnr's options for it.
    loose_options
        Its options for a design whose ports are on no pins.
    portless
        Yosys' commands that take away ports and their buffers, where nextpnr has no such option; empty where
        it has.
    ram_shapes
        Of a block RAM.
    single_port_ram
        Shape of a single-port RAM; None where no part has any.
    operand_bits, smallest_product_bits
        Of a hard multiplier: bits of an operand, and of the smallest product that synthesis gives to one.
    synthesis
        Yosys' command for the part of a board.
    pads
        Yosys' command that puts buffers between ports and pins, which is a part of synthesis; empty where
        place and route does it.
    nextpnr
        Name of the tool.
    part
        nextpnr's options for the part of a board.
    routing
        nextpnr's options for routing a netlist of so many look-up tables.
    routed
        nextpnr's options for the file that the packer reads.
    packer
        Packer of the bitstream for a board, with its arguments but the last one, the bitstream.
    suffix
        Of a bitstream.
    routed_end, bitstream_end
        Regular expressions of the last bytes of the two files that the tools write, by which one that was
        cut off is told from a whole one.
    netlist_cells
        Names of cells that count in a netlist.
    resources
        Names in nextpnr's reports of what :class:`constraints.boards.Limits` counts.
    cell_title
        And as a person does.
    nonlinearity
        What tables of nonlinear ADCs take besides their memory: ``cells`` and ``ffs``.
    cell_models
        Simulation models of the cells, a file in Yosys' share folder.
    black_boxes
        Cells in there that have no contents; models in ``sim/netlist/cells/NAME.v`` replace them.
    """

    name: Family
    vendor: str
    named: Callable[[Any], dict[str, Any]]
    packages: Mapping[str, tuple[str, ...]]
    speeds: tuple[int | str, ...]
    io_types: tuple[str, ...]
    clock_io_types: tuple[str, ...]
    plls: tuple[str, ...]
    pll_kind: Callable[[str, str, str], str | None]
    dividers: Callable[[float, float], tuple[int, ...]]
    pll: Callable[[Board, Signal, Signal, Signal], Instance]
    constraints: Callable[[Board, Mapping[str, str]], str]
    constraint_kind: str
    constraint_options: tuple[str, ...]
    loose_options: tuple[str, ...]
    portless: str
    ram_shapes: tuple[RamShape, ...]
    single_port_ram: RamShape | None
    operand_bits: int
    smallest_product_bits: int
    synthesis: Callable[[Board], str]
    pads: str
    nextpnr: str
    part: Callable[[Board], tuple[str, ...]]
    routing: Callable[[int], tuple[str, ...]]
    routed: tuple[str, ...]
    packer: Callable[[Board], tuple[str, ...]]
    suffix: str
    routed_end: bytes
    bitstream_end: bytes
    netlist_cells: NetlistCells
    resources: Mapping[str, str]
    cell_title: str
    nonlinearity: Mapping[str, int]
    cell_models: str
    black_boxes: tuple[str, ...]
