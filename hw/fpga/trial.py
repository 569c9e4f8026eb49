"""Trial of a board: its pins, PLL and capacities, judged by its place and route with an empty design."""

from pathlib import Path

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, flipped

from constraints.boards import Board
from hw.families.known import known
from hw.fpga.toolchain import Toolchain, ToolError
from hw.fpga.top import LEDS, connect_clock, constant_ports
from hw.rtlil import to_rtlil
from sw.errors import EngramError
from sw.progress import SILENT, Listener

__all__ = ["EmptyTop", "try_board"]

INPUTS = ("clk", "uart_rx", "flash__cipo")


class EmptyTop(wiring.Component):
    """All ports that a top can have on a board, and its PLL, but no chip: the host hears its own bytes.

    Without a single gate there is nothing to synthesise, so the trial takes about two seconds.

    Parameters
    ----------
    board
        Clock, PLL if any, flash and constant pins.
    """

    def __init__(self, board: Board):
        self._board = board
        constants = constant_ports(board)
        others = (port for port in self.pins if port not in constants)
        super().__init__({port: In(1) if port in INPUTS else Out(1) for port in others} | constants)

    @property
    def pins(self) -> dict[str, str]:
        """Pin by port name."""
        return {**self._board.pins, **self._board.flash_pins}

    def elaborate(self, platform):
        """PLL and wires."""
        m = Module()
        board = self._board
        core_clock, locked = Signal(), Signal()
        connect_clock(m, board, self.clk, core_clock, locked)
        m.d.comb += self.uart_tx.eq(self.uart_rx)
        for port, signal in zip(LEDS, (core_clock, locked), strict=True):
            if port in board.pins:
                m.d.comb += getattr(self, port).eq(signal)
        if board.flash:
            pins = flipped(self)
            m.d.comb += [pins.flash__copi.eq(pins.flash__cipo), pins.flash__cs_n.eq(1)]
        m.d.comb += [getattr(self, name).eq(pin.level) for name, pin in board.constants.items()]
        return m


def try_board(board: Board, folder: Path, listener: Listener = SILENT) -> None:
    """Ask the board's place and route whether it has what the board's file says, before anything slow.

    Which pins a package has, which of them a PLL can use and how much is on a die stands in the tool's own
    database; whoever asks the tool needs no copy of that.

    Parameters
    ----------
    board
        Right as :func:`hw.families.check.check` tells.
    folder
        For intermediate files and logs; made if missing.
    listener
        Hears of the steps.

    Raises
    ------
    EngramError
        If the tool refuses something: with the port whose pin it names. If the tool is missing.
    """
    named = f"board {board.name}"
    family = known(board.family)
    top = EmptyTop(board)
    folder.mkdir(exist_ok=True)
    (folder / "top.il").write_text(to_rtlil(top, "top"), encoding="utf-8")
    (folder / f"top.{family.constraint_kind}").write_text(
        family.constraints(board, top.pins), encoding="utf-8"
    )
    try:
        available = Toolchain(board, folder, listener).try_empty()
    except ToolError as error:
        ports = [f"{port} = {pin}: " for port, pin in top.pins.items() if f"'{pin}'" in error.said]
        said = error.said.removeprefix("ERROR: ")
        raise EngramError(
            f"{named}: {ports[0] if ports else ''}{family.nextpnr} refuses it: {said}"
        ) from None
    for limit, resource in family.resources.items():
        stated, most = getattr(board.limits, limit), available.get(resource, 0)
        if stated > most:
            raise EngramError(
                f"{named}: limits.{limit} must be at most {most} on die {board.die}, got {stated}"
            )
