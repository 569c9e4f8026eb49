"""Top: the chip on a board, with PLL, reset and LEDs. Pins come from the board's constraint file."""

from amaranth.hdl import (
    ClockDomain,
    ClockSignal,
    Const,
    DomainRenamer,
    Instance,
    Module,
    ResetSignal,
    Signal,
)
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out, connect, flipped

from constraints.boards import Board
from hw.chip import Chip
from hw.flash import FlashPins
from hw.frontend.variant import Sizes
from hw.pll import ecp5_dividers, ice40_dividers, uart_divisor
from sw.bundle import Bundle

__all__ = ["BootReset", "Top"]

BOOT_CYCLES = 1024
"""Reset lasts this long after the PLL has locked: block RAM of the iCE40 reads as zero for some microseconds
after configuration, and at 50 MHz these are 20 us."""


class BootReset(wiring.Component):
    """Reset from configuration until the PLL has been locked for BOOT_CYCLES, and again when it loses lock.

    Latency: `settled` follows `locked` by 2 cycles; `reset` ends BOOT_CYCLES cycles after `settled` rises.

    Members
    -------
    locked
        The PLL's lock output, asynchronous.
    settled
        The same, synchronous.
    reset
        High while the chip must wait.
    """

    locked: In(1)
    settled: Out(1)
    reset: Out(1, init=1)

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


class Top(wiring.Component):
    """What is synthesised for a board.

    Parameters
    ----------
    bundle
        The classifier.
    board
        Clock, PLL and constant pins.
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
        A request is being served, or the chip is not ready; the PLL has locked.
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
        self._chip = Chip(bundle, uart_divisor(board.clock.core_mhz, baud), parallelism, spram=spram)
        self._board = board
        self._spram = spram
        super().__init__(
            {
                "clk": In(1),
                "uart_rx": In(1),
                "uart_tx": Out(1),
                "led_busy": Out(1),
                "led_locked": Out(1),
                **({"flash": Out(FlashPins())} if spram else {}),
                **{name: Out(1) for name in board.constants},
            }
        )

    def elaborate(self, platform):
        """PLL, reset until it has locked and memory is readable, chip, pins."""
        m = Module()
        board = self._board
        core_clock, locked = Signal(), Signal()
        pll = _ice40_pll if board.family == "ice40" else _ecp5_pll
        m.submodules.pll = pll(board, self.clk, core_clock, locked)

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
            self.led_busy.eq(chip.busy ^ board.leds.active_low),
            self.led_locked.eq(boot.settled ^ board.leds.active_low),
        ]
        if self._spram:
            connect(m, chip.flash, flipped(self.flash))
        m.d.comb += [getattr(self, name).eq(pin.level) for name, pin in board.constants.items()]
        return m


def _ice40_pll(board: Board, clk: Signal, core_clock: Signal, locked: Signal) -> Instance:
    """SB_PLL40 with simple feedback; the PAD kind takes the oscillator at its own pad."""
    kind = board.clock.pll
    dividers = ice40_dividers(board.clock.mhz, board.clock.core_mhz)
    return Instance(
        kind,
        p_FEEDBACK_PATH="SIMPLE",
        p_PLLOUT_SELECT="GENCLK",
        p_DIVR=Const(dividers.divr, 4),
        p_DIVF=Const(dividers.divf, 7),
        p_DIVQ=Const(dividers.divq, 3),
        p_FILTER_RANGE=Const(dividers.filter_range, 3),
        i_RESETB=Const(1),
        i_BYPASS=Const(0),
        o_PLLOUTGLOBAL=core_clock,
        o_LOCK=locked,
        **{"i_PACKAGEPIN" if kind == "SB_PLL40_PAD" else "i_REFERENCECLK": clk},
    )


def _ecp5_pll(board: Board, clk: Signal, core_clock: Signal, locked: Signal) -> Instance:
    """EHXPLLL with feedback from CLKOP and the core's clock from CLKOS, both at zero phase."""
    dividers = ecp5_dividers(board.clock.mhz, board.clock.core_mhz)
    feedback = Signal()
    return Instance(
        "EHXPLLL",
        a_FREQUENCY_PIN_CLKI=f"{board.clock.mhz:g}",
        a_FREQUENCY_PIN_CLKOS=f"{board.clock.core_mhz:g}",
        a_ICP_CURRENT="12",
        a_LPF_RESISTOR="8",
        a_MFG_ENABLE_FILTEROPAMP="1",
        a_MFG_GMCREF_SEL="2",
        p_PLLRST_ENA="DISABLED",
        p_INTFB_WAKE="DISABLED",
        p_STDBY_ENABLE="DISABLED",
        p_DPHASE_SOURCE="DISABLED",
        p_OUTDIVIDER_MUXA="DIVA",
        p_CLKOP_ENABLE="ENABLED",
        p_CLKOS_ENABLE="ENABLED",
        p_FEEDBK_PATH="CLKOP",
        p_CLKI_DIV=dividers.clki,
        p_CLKFB_DIV=1,
        p_CLKOP_DIV=dividers.clkop,
        p_CLKOP_CPHASE=dividers.clkop - 1,
        p_CLKOP_FPHASE=0,
        p_CLKOS_DIV=dividers.clkos,
        p_CLKOS_CPHASE=dividers.clkos - 1,
        p_CLKOS_FPHASE=0,
        i_CLKI=clk,
        i_CLKFB=feedback,
        i_RST=Const(0),
        i_STDBY=Const(0),
        i_PHASESEL0=Const(0),
        i_PHASESEL1=Const(0),
        i_PHASEDIR=Const(0),
        i_PHASESTEP=Const(0),
        i_PHASELOADREG=Const(0),
        i_PLLWAKESYNC=Const(0),
        i_ENCLKOP=Const(0),
        i_ENCLKOS=Const(0),
        o_CLKOP=feedback,
        o_CLKOS=core_clock,
        o_LOCK=locked,
    )
