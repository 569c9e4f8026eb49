"""What a virtual board is made from: a folder of ``engram build``, or a bundle as that would build it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constraints.boards import Board, Leds
from hw.families.check import check
from hw.fpga.clock import uart_divisor
from hw.sizing.fit import codes_in_spram
from hw.sizing.front_end_choice import Variant, configured
from sim.models.runner import Model, ModelSource, build_model, to_verilog
from sim.netlist.model import OWN_CELLS
from sim.testbenches.files import TESTBENCHES
from sw.bundle import Bundle, load
from sw.errors import EngramError
from sw.progress import SILENT, Listener
from sw.validation import validated

if TYPE_CHECKING:
    from hw.frontend.variant import Sizes

__all__ = ["VirtualDesign", "from_build", "from_bundle"]

REPORT = "report.json"

ANY_LED = Leds(busy="0", active_low=False)
"""For a board without LEDs: time stands still where the busy LED is dark and nothing is on the wires."""


@dataclass(frozen=True)
class VirtualDesign:
    """A board and what is on it.

    Attributes
    ----------
    bundle
        What the chip answers to IDENTIFY, with its lanes.
    board
        With the clock of the chip.
    parallelism
        Sizes of the front end; None without one.
    baud
        Speed of the host link in bit/s.
    flash
        What the flash holds behind the bitstream; None for a chip that needs none.
    """

    bundle: Bundle
    board: Board
    parallelism: "Sizes | None"
    baud: int
    flash: bytes | None

    @property
    def divisor(self) -> int:
        """Clock cycles per UART bit; raises EngramError if `baud` cannot be made."""
        return uart_divisor(self.board.clock.core_mhz, self.baud)

    def model(self) -> Model:
        """:class:`hw.fpga.top.Top` in ``virtual_board.sv``, compiled or from the cache.

        It is the top that is synthesised, with PLL and flash by their models. Nobody knows how long a board
        is used, so it is compiled to be fast. Raises EngramError as :func:`sim.models.runner.build_model`.
        """
        from hw.fpga.top import Top

        spram, leds = self.flash is not None, self.board.leds or ANY_LED
        lit = self.board.model_copy(update={"leds": leds})
        top = to_verilog(Top(self.bundle, lit, self.baud, self.parallelism, spram=spram), "top")
        cells = (OWN_CELLS / f"{self.board.family}.v").read_text(encoding="utf-8")
        files = ("virtual_board.sv", "spi_flash.sv") if spram else ("virtual_board.sv",)
        return build_model(
            ModelSource(
                top="virtual_board",
                verilog=f"{cells}\n{top}",
                files=tuple(TESTBENCHES / file for file in files),
                parameters={"BUSY_LOW": int(leds.active_low)},
                defines=("FLASH",) if spram else (),
                main=TESTBENCHES / "virtual_board.cpp",
            )
        )


def from_bundle(bundle: Bundle, board: str, baud: int, listener: Listener = SILENT) -> VirtualDesign:
    """The bundle on a board, as ``engram build`` puts it there without further options.

    `listener` hears of the choice of the front end. Raises EngramError if the board is unknown, the bundle
    does not fit it, or `baud` cannot be made.
    """
    from hw.array.codes.code_image import code_bytes, flash_contents
    from hw.boards.known import load as load_board

    target = load_board(board, any_uart=True)
    uart_divisor(target.clock.core_mhz, baud)
    placed, sizes = configured(bundle, target, None, Variant.auto, "auto", listener)
    spram = codes_in_spram(placed, target, sizes)
    return VirtualDesign(placed, target, sizes, baud, flash_contents(code_bytes(placed)) if spram else None)


def from_build(folder: Path) -> VirtualDesign:
    """What ``engram build`` made and put into `folder`; the flash holds what the bitstream's file does.

    Raises
    ------
    EngramError
        If it is no such folder, if a file in it is damaged, or if its bitstream was not made from its bundle.
    """
    from hw.frontend.variant import plan_front_end, read_sizes

    report = _report(folder)
    try:
        name, digest = str(report["bundle"]), str(report["digest"])
        baud, offset = int(report["baud"]), report["flash_offset"]
        board = validated(Board, dict(report["board_values"]), f"{folder / REPORT}: board_values")
        check(board, f"{folder / REPORT}: board_values")
        bitstream = folder / Path(report["bitstream"]).name
        words, folded = report["parallelism"], report["variant"] == "folded"
        sizes = None if words is None else read_sizes(",".join(words), folded=folded)
        bundle = _bundle(folder / f"{name}-{board.name}.engram", digest)
        if sizes is not None:
            plan_front_end(bundle, sizes)  # refuses sizes that are not the layers'
    except (KeyError, TypeError, ValueError) as error:
        raise EngramError(
            f"{folder / REPORT} must be as this version of 'engram build' writes it, got {error}; build again"
        ) from None
    flash = None if offset is None else _read(bitstream)[offset:]
    return VirtualDesign(bundle, board, sizes, baud, flash)


def _bundle(path: Path, digest: str) -> Bundle:
    bundle = load(path)
    if bundle.digest != digest:
        raise EngramError(
            f"{path} must be the bundle that {REPORT} beside it tells of, {digest[:16]}, got "
            f"{bundle.digest[:16]}; build again"
        )
    return bundle


def _report(folder: Path) -> dict[str, Any]:
    try:
        report = json.loads(_read(folder / REPORT))
    except ValueError:
        report = None
    if not isinstance(report, dict):
        raise EngramError(f"{folder / REPORT} must be a report of 'engram build', it is not; build again")
    return report


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EngramError(
            f"cannot read {path}: {error.strerror}; give a folder that 'engram build' made"
        ) from None
