"""Hand-over: for parts whose tools are not open, the sources, script and constraints that these take."""

import json
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from amaranth.build import TemplatedPlatform
from amaranth.build.res import ResourceError
from amaranth.hdl import Elaboratable, Module
from amaranth.lib import io

from hw.boards.known import names
from hw.boards.pins import uart_port
from hw.boards.platforms import PlatformClass, every, find_class, import_class, made
from hw.chip import Chip
from hw.fpga.clock import uart_divisor
from hw.fpga.foreign import MAKERS, Cells, synthesised
from hw.fpga.toolchain import YOSYS, tool_command
from hw.frontend.variant import Sizes, sizes_in_words
from sw.bundle import Bundle, save
from sw.errors import EngramError
from sw.files import check_target, write_atomically
from sw.progress import SILENT, Listener

__all__ = ["SIZED_AS", "HandOver", "foreign_boards", "foreign_platform", "hand_over"]

SIZED_AS = "ulx3s-25f"
"""Board whose front end a chip gets: there is no estimator for these parts, and most are of this size or
larger."""


@dataclass(frozen=True)
class HandOver:
    """What was written, and how to go on.

    Attributes
    ----------
    bundle_name, digest, board, toolchain
        What is inside, for which board, and whose tools are needed.
    command
        For a shell beside the zip file, where these tools are.
    clock_mhz
        The chip's clock, which is the board's own.
    parallelism
        Sizes of the front end; None without one.
    cells, counted_as
        What Yosys counts, without buffers of pins, and for which parts.
    files
        What was written.
    """

    bundle_name: str
    digest: str
    board: str
    toolchain: str
    command: str
    clock_mhz: float
    parallelism: Sizes | None
    cells: Cells
    counted_as: str
    files: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For ``--json`` and ``report.json``."""
        variant, sizes = (None, None) if self.parallelism is None else sizes_in_words(self.parallelism)
        return {
            "bundle": self.bundle_name,
            "digest": self.digest,
            "board": self.board,
            "toolchain": self.toolchain,
            "command": self.command,
            "target_mhz": self.clock_mhz,
            "variant": variant,
            "parallelism": sizes,
            "counted_as": self.counted_as,
            **asdict(self.cells),
            "files": list(self.files),
        }

    def lines(self) -> list[str]:
        """For the terminal."""
        of, rams = self.cells, ", ".join(f"{number} {name}" for name, number in self.cells.rams.items())
        return [
            f"{of.luts:,} look-up tables, {of.ffs:,} flip-flops, {rams or 'no block RAM'}, "
            f"{of.multipliers} multipliers, as Yosys counts for {self.counted_as}",
            f"clock of the chip: the board's own {self.clock_mhz:g} MHz; whether it is met, "
            f"{self.toolchain} tells",
            f"make the bitstream where {self.toolchain} is: {self.command}",
        ]


class _OnPlatform(Elaboratable):
    """The chip on a platform's UART, with its first LED if there is one, at the platform's own clock."""

    def __init__(self, chip: Chip, name: str, uart: str | None):
        self._chip, self._name, self._uart = chip, name, uart

    def elaborate(self, platform: TemplatedPlatform) -> Module:
        """Buffers of pins and wires."""
        m = Module()
        m.submodules.chip = chip = self._chip
        pins = uart_port(platform, self._name, self._uart)
        m.submodules.uart_rx = rx = io.Buffer("i", pins.rx)
        m.submodules.uart_tx = tx = io.Buffer("o", pins.tx)
        m.d.comb += [chip.rx.eq(rx.i), tx.o.eq(chip.tx)]
        try:
            led = platform.request("led", 0, dir="-")
        except ResourceError:
            return m
        m.submodules.led = busy = io.Buffer("o", led)
        m.d.comb += busy.o.eq(chip.busy)
        return m


def foreign_platform(board: str) -> tuple[PlatformClass, str] | None:
    """Platform and maker of a board whose tools are not open, as ``--board`` names it; None for another.

    Of a module with several boards it is the first one; the names of all that is made have its own.
    """
    if board in names() or board.endswith(".toml"):
        return None
    platform = import_class(board) if ":" in board else find_class(board, first=True)
    maker = _maker(platform) if platform else None
    return (platform, maker) if platform and maker else None


def foreign_boards() -> list[dict[str, str]]:
    """``name``, ``part`` and ``toolchain`` of every such platform of amaranth-boards, by name."""
    found = []
    for platform in every():
        if _maker(platform):
            try:
                described: Any = made(platform)
            except EngramError:
                continue
            part = getattr(described, "device", None) or getattr(described, "part", "-")
            found.append(
                {"name": platform.__name__, "part": str(part), "toolchain": str(described.toolchain)}
            )
    return sorted(found, key=lambda each: each["name"].casefold())


def _maker(platform: PlatformClass) -> str | None:
    bases = {base.__name__ for base in platform.__mro__}
    return next((name for name, maker in MAKERS.items() if maker.vendor in bases), None)


def hand_over(
    bundle: Bundle,
    platform: PlatformClass,
    maker: str,
    folder: Path,
    *,
    name: str,
    baud: int = 1_000_000,
    uart: str | None = None,
    parallelism: Sizes | None = None,
    listener: Listener = SILENT,
) -> HandOver:
    """Write Amaranth's build plan as a zip file, the bundle beside it, and ``report.json`` when all is done.

    Parameters
    ----------
    bundle, platform, maker
        What goes where.
    folder
        Made if missing.
    name
        Of the classifier, in file names and the report.
    baud
        UART speed in bit/s.
    uart
        Other pins for the host link, as for :func:`hw.boards.pins.platform_values`.
    parallelism
        Sizes of the front end; None leaves it out.
    listener
        Hears of every step.

    Raises
    ------
    EngramError
        If the platform has no clock or UART, if `baud` cannot be made, or if a tool is missing or fails.
    """
    tool_command(YOSYS)  # before the work for it
    described, title = made(platform), platform.__name__
    if described.default_clk is None:
        raise EngramError(f"{title}: the platform must name its clock, it has none")
    clock_mhz = described.default_clk_frequency / 1e6
    chip = Chip(bundle, uart_divisor(clock_mhz, baud), parallelism)
    stem = f"{name}-{title}"
    archive, contents, report_file = (
        folder / file for file in (f"{stem}.zip", f"{stem}.engram", "report.json")
    )
    for path in (archive, contents, report_file):
        check_target(path)
    with listener.waiting("elaboration"):
        plan = described.prepare(_OnPlatform(chip, title, uart), "top")
        packed = BytesIO()
        plan.archive(packed)
    with listener.waiting("synthesis, to count"):
        cells = synthesised(Chip(bundle, uart_divisor(clock_mhz, baud), parallelism), MAKERS[maker])
    result = HandOver(
        bundle_name=name,
        digest=bundle.digest,
        board=title,
        toolchain=str(described.toolchain),
        command=f"unzip {archive.name} -d {stem} && cd {stem} && sh {plan.script}.sh",
        clock_mhz=clock_mhz,
        parallelism=parallelism,
        cells=cells,
        counted_as=MAKERS[maker].counted_as,
        files=(str(archive), str(contents), str(report_file)),
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(archive, packed.getvalue())
    save(bundle, contents)
    write_atomically(report_file, json.dumps(result.to_json(), indent=2).encode() + b"\n")
    return result
