"""Boards as data: one TOML file each, beside this module; the file's name is the board's."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sw.errors import EngramError
from sw.validation import validated

__all__ = [
    "Board",
    "Clock",
    "Constant",
    "Family",
    "Flash",
    "Leds",
    "Limits",
    "Uart",
    "load",
    "load_all",
    "names",
]

FOLDER = Path(__file__).parent

Family = Literal["ice40", "ecp5"]
Pin = Annotated[str, Field(pattern=r"^[A-Z]{0,2}[0-9]{1,2}$")]
Megahertz = Annotated[float, Field(gt=0, le=400)]
Count = Annotated[int, Field(ge=0)]

FLASH_CORE_MHZ_MAX = 50
"""The flash's clock has half the chip's frequency. READ works to 50 MHz on a W25Q128JV (data sheet, fR), to
about half of that on some others."""


class Clock(BaseModel):
    """The oscillator, the PLL behind it, and what the PLL makes of it.

    Parameters
    ----------
    pin
        Where the oscillator comes in.
    mhz
        Its frequency in MHz.
    pll
        Primitive: ``SB_PLL40_PAD`` when the pin is the PLL's own pad, ``SB_PLL40_CORE`` when not, ``EHXPLLL``
        on ECP5.
    core_mhz
        Clock of the chip in MHz.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pin: Pin
    mhz: Megahertz
    pll: Literal["SB_PLL40_PAD", "SB_PLL40_CORE", "EHXPLLL"]
    core_mhz: Megahertz


class Uart(BaseModel):
    """UART pins as the FPGA sees them: rx comes in, tx goes out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rx: Pin
    tx: Pin


class Flash(BaseModel):
    """Pins of the SPI flash that configures the FPGA, free for the design afterwards.

    Controller out, peripheral in is the pin that Lattice calls SPI_SO on iCE40; the other way is SPI_SI.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cs_n: Pin
    sck: Pin
    copi: Pin
    cipo: Pin


class Leds(BaseModel):
    """One LED while a request is being served or the chip is not ready, one while the PLL is locked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    busy: Pin
    locked: Pin
    active_low: bool


class Constant(BaseModel):
    """A pin that must be driven high (1) or low (0) all the time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pin: Pin
    level: Literal[0, 1]


class Limits(BaseModel):
    """Resources of the part.

    Parameters
    ----------
    luts, ffs
        4-input look-up tables (logic cells on iCE40) and flip-flops.
    block_rams, block_ram_kbit
        Number of block RAMs and size of one in kbit.
    sprams, dsps
        Single-port RAMs of 256 kbit and multipliers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    luts: Count
    ffs: Count
    block_rams: Count
    block_ram_kbit: Count
    sprams: Count
    dsps: Count


class Board(BaseModel):
    """Everything a build needs to know about a board.

    Parameters
    ----------
    name
        Name of the TOML file.
    title
        What the maker calls it.
    family, device, package, speed
        The part; `speed` is the ECP5 speed grade and absent on iCE40.
    die
        The part as nextpnr's option calls it, such as ``up5k``.
    clock, uart, leds
        See :class:`Clock`, :class:`Uart` and :class:`Leds`.
    flash
        Where conductance codes for single-port RAM come from; may be left out where the part has none.
    io_type
        I/O standard of all pins in the constraint file; absent on iCE40, where the default serves.
    constants
        Pins with a constant level, by port name.
    limits
        See :class:`Limits`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    family: Family
    device: str
    die: Literal["up5k", "hx8k", "12k", "25k", "45k", "85k"]
    package: str
    speed: Literal[6, 7, 8] | None = None
    clock: Clock
    uart: Uart
    leds: Leds
    flash: Flash | None = None
    io_type: str | None = None
    constants: dict[str, Constant] = {}
    limits: Limits

    @model_validator(mode="after")
    def _consistent(self) -> "Board":
        ecp5 = self.family == "ecp5"
        if ecp5 != (self.clock.pll == "EHXPLLL"):
            raise ValueError(f"clock.pll {self.clock.pll!r} does not exist on {self.family}")
        if ecp5 != (self.speed is not None) or ecp5 != (self.io_type is not None):
            raise ValueError("speed and io_type must be given for ecp5 and left out for ice40")
        if self.flash and self.clock.core_mhz > FLASH_CORE_MHZ_MAX:
            raise ValueError(f"clock.core_mhz must be at most {FLASH_CORE_MHZ_MAX} with flash")
        pins = [*self.pins.values(), *self.flash_pins.values()]
        twice = sorted({pin for pin in pins if pins.count(pin) > 1})
        if twice:
            raise ValueError(f"pins must differ, {', '.join(twice)} is used twice")
        return self

    @property
    def pins(self) -> dict[str, str]:
        """Pin by port name of :class:`hw.fpga.top.Top`."""
        return {
            "clk": self.clock.pin,
            "uart_rx": self.uart.rx,
            "uart_tx": self.uart.tx,
            "led_busy": self.leds.busy,
            "led_locked": self.leds.locked,
            **{name: constant.pin for name, constant in self.constants.items()},
        }

    @property
    def flash_pins(self) -> dict[str, str]:
        """Pin by port name of the ports that only a chip with codes in single-port RAM has."""
        return {f"flash__{port}": pin for port, pin in self.flash.model_dump().items()} if self.flash else {}


@cache
def names() -> tuple[str, ...]:
    """All known boards, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load(name: str) -> Board:
    """Read and check one board.

    Raises
    ------
    EngramError
        If there is no such board (the message lists the known ones), or its file has a mistake.
    """
    if name not in names():
        raise EngramError(f"unknown board {name!r}; known boards: {', '.join(names())}")
    return parse((FOLDER / f"{name}.toml").read_text(encoding="utf-8"), name)


def parse(text: str, name: str) -> Board:
    """Board from the text of its file. Raises EngramError as :func:`load`."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EngramError(f"board file {name}.toml must be TOML: {error}") from None
    return validated(Board, {**values, "name": name}, f"board file {name}.toml")


def load_all() -> tuple[Board, ...]:
    """All known boards, the one with the fewest look-up tables first."""
    return tuple(sorted(map(load, names()), key=lambda board: (board.limits.luts, board.name)))
