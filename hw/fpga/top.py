"""Top: the chip on a board, with PLL, reset and LEDs. Pins come from the board's constraint file."""

from amaranth.hdl import (
    ClockDomain,
    ClockSignal,
    DomainRenamer,
    Module,
    ResetSignal,
    Signal,
)
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Member, Out, flipped

from constraints.boards import Board
from hw.chip import Chip
from hw.families.known import known
from hw.fpga.clock import uart_divisor
from hw.frontend.variant import Sizes
from hw.optional import connect_optional, has_port, optional_ports
from sw.bundle import Bundle
from sw.errors import EngramError

__all__ = ["LEDS", "BootReset", "Top", "connect_clock", "constant_ports"]

BOOT_CYCLES = 1024
"""Reset lasts this long after the PLL has locked: block RAM of the iCE40 reads as zero for some microseconds
after configuration, and at 50 MHz these are 20 us."""

LEDS = ("led_busy", "led_locked")


class BootReset(wiring.Component):
    """Reset from configuration until the PLL has been locked for BOOT_CYCLES, and again when it loses lock.

    Latency: `settled` follows `locked` by 2 cycles; `reset` ends BOOT_CYCLES cycles after `settled` rises.

    Members
    -------
    locked
        The PLL's lock output, asynchronous.
    settled
        The lock output, synchronous to the clock.
    reset
        High while the chip must wait.
    """

    def __init__(self) -> None:
        super().__init__({"locked": In(1), "settled": Out(1), "reset": Out(1, init=1)})

    def elaborate(self, platform):
        """Synchroniser and counter."""
        m = Module()
        cycles = Signal(range(BOOT_CYCLES))
        m.submodules.synchroniser = FFSynchronizer(self.locked, self.settled)
        with m.If(~self.settled):
            m.d.sync += [cycles.eq(0), self.reset.eq(1)]
        with m.Elif(cycles == BOOT_CYCLES - 1):
            m.d.sync += self.reset.eq(0)
        with m.Else():
            m.d.sync += cycles.eq(cycles + 1)
        return m


def connect_clock(m: Module, board: Board, clk: Signal, core_clock: Signal, locked: Signal) -> None:
    """The core's clock from the oscillator's, through the board's PLL; without one it counts as locked."""
    if board.clock.pll is None:
        m.d.comb += [core_clock.eq(clk), locked.eq(1)]
    else:
        m.submodules.pll = known(board.family).pll(board, clk, core_clock, locked)


def constant_ports(board: Board) -> dict[str, Member]:
    """Ports for the pins with a constant level.

    Raises
    ------
    EngramError
        If a name means something else in Amaranth or here: ports are attributes of the top module.
    """
    for name in board.constants:
        if hasattr(Top, name):
            raise EngramError(
                f"board {board.name}: constants.{name}: the top module uses that name itself; choose another"
            )
    return {name: Out(1) for name in board.constants}


class Top(wiring.Component):
    """The top module that is synthesised for a board.

    Parameters
    ----------
    bundle
        The classifier.
    board
        Clock, PLL if any, and constant pins.
    baud
        UART speed in bit/s.
    parallelism
        Sizes of the front end; None leaves it out.
    spram
        As for :class:`hw.chip.Chip`.

    Members
    -------
    clk
        Oscillator.
    uart_rx, uart_tx
        Host link.
    led_busy, led_locked
        A request is being served, or the chip is not ready; the clock runs, with a PLL: it has locked. A
        board without such an LED has no such port.
    flash
        With `spram`: the board's configuration flash.
    ...
        One output for every constant pin of the board.
    """

    def __init__(
        self,
        bundle: Bundle,
        board: Board,
        baud: int,
        parallelism: Sizes | None = None,
        *,
        spram: bool = False,
    ):
        constants = constant_ports(board)
        self._chip = Chip(bundle, uart_divisor(board.clock.core_mhz, baud), parallelism, spram=spram)
        self._board = board
        super().__init__(
            {
                "clk": In(1),
                "uart_rx": In(1),
                "uart_tx": Out(1),
                **{port: Out(1) for port in LEDS if port in board.pins},
                **optional_ports(self._chip),
                **constants,
            }
        )

    @property
    def pins(self) -> dict[str, str]:
        """Pin by port name."""
        flash = self._board.flash_pins if has_port(self, "flash") else {}
        return {**self._board.pins, **flash}

    def elaborate(self, platform):
        """PLL, reset until it has locked and memory is readable, chip, pins."""
        m = Module()
        board = self._board
        core_clock, locked = Signal(), Signal()
        connect_clock(m, board, self.clk, core_clock, locked)

        # The boot domain has no reset: it makes the reset of the other one, which runs on the same clock.
        m.domains.boot = ClockDomain(reset_less=True)
        m.domains.sync = ClockDomain()
        m.submodules.boot = boot = DomainRenamer("boot")(BootReset())
        m.d.comb += [
            ClockSignal("boot").eq(core_clock),
            ClockSignal("sync").eq(core_clock),
            boot.locked.eq(locked),
            ResetSignal("sync").eq(boot.reset),
        ]

        m.submodules.chip = chip = self._chip
        m.d.comb += [
            chip.rx.eq(self.uart_rx),
            self.uart_tx.eq(chip.tx),
        ]
        for port, state in zip(LEDS, (chip.busy, boot.settled), strict=True):
            if board.leds and port in board.pins:
                m.d.comb += getattr(self, port).eq(state ^ board.leds.active_low)
        connect_optional(m, flipped(self), chip)
        m.d.comb += [getattr(self, name).eq(pin.level) for name, pin in board.constants.items()]
        return m
