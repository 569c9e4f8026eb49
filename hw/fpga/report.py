"""Build report: what a build gave, as a table and as JSON."""

from dataclasses import asdict, dataclass
from typing import Any

from rich.markup import escape
from rich.table import Table

from constraints.boards import Board
from hw.array.codes.code_image import FLASH_OFFSET
from hw.families.known import known
from hw.fpga.clock import made_baud
from hw.frontend.variant import Sizes, sizes_in_words
from hw.host.protocol import ANSWER_BYTES, load_bytes
from hw.sizing.estimate import Estimate
from hw.sizing.fit import PlannedMemory, Usage
from hw.sizing.image_timing import image_timing
from sw.bundle import Bundle

__all__ = ["BuildReport", "Speed", "speed_of"]

UART_FRAME_BITS = 10
"""Start bit, 8 data bits, stop bit."""


@dataclass(frozen=True)
class Speed:
    """How fast a classifier runs at a clock.

    Attributes
    ----------
    cycles_per_image
        Clock cycles between answers of the accelerator when images follow each other closely.
    latency_cycles
        From the first pixel to the answer; without a front end, from the first word of word-line values.
    images_per_second_core
        What that gives at the target clock.
    images_per_second_link
        Through UART, one image at a time: load, acknowledge, classify, answer.
    """

    cycles_per_image: int
    latency_cycles: int
    images_per_second_core: float
    images_per_second_link: float


def speed_of(bundle: Bundle, parallelism: Sizes | None, clock_mhz: float, baud: int) -> Speed:
    """Rates of the core and of the link, apart: the link is usually the slower one.

    The link's rate waits for the whole latency after the last byte; in truth, the first layers are at work
    while pixels come.
    """
    design = bundle.design
    latency, interval = image_timing(bundle, parallelism)
    if parallelism is None:
        link_bytes = 1 + load_bytes(design) + 1 + 1 + ANSWER_BYTES
    else:
        link_bytes = 1 + design.image_size.values + ANSWER_BYTES
    seconds = link_bytes * UART_FRAME_BITS / baud + latency / (clock_mhz * 1e6)
    return Speed(interval, latency, clock_mhz * 1e6 / interval, 1 / seconds)


@dataclass(frozen=True)
class BuildReport:
    """Everything about one build.

    Attributes
    ----------
    bundle_name, digest
        What is inside: the chip answers IDENTIFY with the first 8 bytes of this digest.
    board
        For which board.
    luts
        Occupied look-up tables (logic cells on iCE40) after packing.
    usage
        Cells of the netlist.
    memories
        Planned memories with their block RAM.
    fmax_mhz, critical_path
        After routing, by static timing analysis, with the cells at both ends of the slowest path.
    fmax_by_seed
        Fmax of every seed that was tried.
    expected
        What was estimated before synthesis.
    parallelism
        Sizes of the front end; None without one.
    speed, baud, seed
        Rates; speed of the host link; nextpnr's seed.
    seconds
        Wall-clock time of each step.
    bitstream, files
        What was written.
    """

    bundle_name: str
    digest: str
    board: Board
    luts: int
    usage: Usage
    memories: tuple[PlannedMemory, ...]
    fmax_mhz: float
    critical_path: tuple[str, str]
    fmax_by_seed: dict[int, float]
    expected: Estimate
    parallelism: Sizes | None
    speed: Speed
    baud: int
    seed: int
    seconds: dict[str, float]
    bitstream: str
    files: tuple[str, ...]

    @property
    def brams_planned(self) -> int:
        """Block RAM computed before synthesis."""
        return sum(memory.block_rams for memory in self.memories)

    @property
    def sprams_planned(self) -> int:
        """Single-port RAM computed before synthesis: where there is any, it holds the codes."""
        return sum(memory.sprams for memory in self.memories)

    @property
    def baud_made(self) -> float:
        """Speed of the host link that the clock makes in bit/s, at most 2 % beside `baud`."""
        return made_baud(self.board.clock.core_mhz, self.baud)

    @property
    def timing_met(self) -> bool:
        """Whether the slowest path is fast enough for the board's clock."""
        return self.fmax_mhz >= self.board.clock.core_mhz

    def to_json(self) -> dict[str, Any]:
        """For ``--json`` and ``report.json``."""
        board, limits = self.board, self.board.limits
        variant, sizes = (None, None) if self.parallelism is None else sizes_in_words(self.parallelism)
        return {
            "bundle": self.bundle_name,
            "digest": self.digest,
            "board": board.name,
            "device": board.device,
            "bitstream": self.bitstream,
            "files": list(self.files),
            "luts": self.luts,
            "luts_available": limits.luts,
            "luts_estimated": self.expected.cells,
            "variant": variant,
            "parallelism": sizes,
            "ffs": self.usage.ffs,
            "ffs_estimated": self.expected.ffs,
            "ffs_available": limits.ffs,
            "brams": self.usage.block_rams,
            "brams_planned": self.brams_planned,
            "brams_available": limits.block_rams,
            "sprams": self.usage.sprams,
            "sprams_planned": self.sprams_planned,
            "sprams_available": limits.sprams,
            "flash_offset": FLASH_OFFSET if self.sprams_planned else None,
            "dsps": self.usage.dsps,
            "dsps_planned": self.expected.dsps,
            "dsps_available": limits.dsps,
            "memories": [asdict(memory) for memory in self.memories],
            "fmax_mhz": round(self.fmax_mhz, 2),
            "fmax_mhz_by_seed": {str(seed): round(fmax, 2) for seed, fmax in self.fmax_by_seed.items()},
            "target_mhz": board.clock.core_mhz,
            "timing_met": self.timing_met,
            "critical_path": list(self.critical_path),
            **{key: round(value, 1) for key, value in asdict(self.speed).items()},
            "baud": self.baud,
            "baud_made": round(self.baud_made, 1),
            "seed": self.seed,
            "seconds": {step: round(seconds, 2) for step, seconds in self.seconds.items()},
            "board_values": board.model_dump(mode="json"),
        }

    def table(self) -> Table:
        """For the terminal."""
        limits, usage, speed = self.board.limits, self.usage, self.speed
        title = f"{self.bundle_name} on {self.board.title} ({self.board.device})"
        table = Table(title=escape(title))  # brackets in the names of people's files are no styles
        table.add_column("")
        table.add_column("value", justify="right")
        table.add_column("of", justify="right")
        table.add_column("note")
        note = _estimated(self.luts, limits.luts, self.expected.cells)
        table.add_row(known(self.board.family).cell_title, f"{self.luts:,}", f"{limits.luts:,}", note)
        if self.parallelism is not None:
            variant, sizes = sizes_in_words(self.parallelism)
            table.add_row("front end", variant, "", ", ".join(sizes))
        note = _estimated(usage.ffs, limits.ffs, self.expected.ffs)
        table.add_row("flip-flops", f"{usage.ffs:,}", f"{limits.ffs:,}", note)
        table.add_row(
            "block RAM",
            str(usage.block_rams),
            str(limits.block_rams),
            _as_planned(usage.block_rams, self.brams_planned),
        )
        if limits.sprams:
            note = _as_planned(usage.sprams, self.sprams_planned)
            if self.sprams_planned:
                note += f", codes from flash at {FLASH_OFFSET:#x}, in the .bin"
            table.add_row("single-port RAM", str(usage.sprams), str(limits.sprams), note)
        note = _as_planned(usage.dsps, self.expected.dsps) if limits.dsps else "products are in logic"
        table.add_row("multipliers", str(usage.dsps), str(limits.dsps), note)
        target = self.board.clock.core_mhz
        table.add_row(
            "Fmax", f"{self.fmax_mhz:.1f} MHz", f"{target:g} MHz", "met" if self.timing_met else "NOT MET"
        )
        table.add_row(
            "per image", f"{speed.cycles_per_image:,} cycles", "", f"latency {speed.latency_cycles:,}"
        )
        table.add_row("core", f"{speed.images_per_second_core:,.0f} /s", "", f"images at {target:g} MHz")
        note = f"images at {self.baud:,} baud, {self.baud_made / self.baud - 1:+.1%}"
        table.add_row("host link", f"{speed.images_per_second_link:,.0f} /s", "", note)
        table.add_row("seed", str(self.seed), "", f"of place and route{_tried(self.fmax_by_seed)}")
        table.add_row("time", f"{sum(self.seconds.values()):.1f} s", "", _times(self.seconds))
        table.add_row("bundle", self.digest[:16], "", "what the chip answers to IDENTIFY")
        return table


def _as_planned(used: int, planned: int) -> str:
    difference = used - planned
    if difference == 0:
        return f"{planned} planned, as planned"
    return f"{planned} planned, {abs(difference)} {'more' if difference > 0 else 'fewer'}"


def _estimated(used: int, available: int, expected: int) -> str:
    error = f" ({expected / used - 1:+.0%})" if used else ""
    return f"{_share(used, available)}, estimate {expected:,}{error}"


def _share(used: int, available: int) -> str:
    return f"{used / available:.0%}"


def _tried(fmax_by_seed: dict[int, float]) -> str:
    if len(fmax_by_seed) == 1:
        return ""
    each = ", ".join(f"{seed}: {fmax:.1f}" for seed, fmax in fmax_by_seed.items())
    return f"; {min(fmax_by_seed.values()):.1f} to {max(fmax_by_seed.values()):.1f} MHz, {each}"


def _times(seconds: dict[str, float]) -> str:
    return ", ".join(f"{step} {value:.1f}" for step, value in seconds.items())
