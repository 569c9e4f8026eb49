"""``python -m sim.uart``: random bytes over a bad line into the UART receiver, compared one by one."""

from typing import Annotated, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray

from sim.job import failure_in, run_together
from sim.models.runner import Model, ModelSource, build_model, start_program, to_verilog
from sim.testbenches.files import TESTBENCHES
from sw.console import JsonOption, answer, print_json, reports_errors, terminal
from sw.files import scratch_folder
from sw.shell.start import start

__all__ = ["Count", "Line", "bad_line", "compare"]

FRAME_BITS = 10
"""Start bit, eight data bits, stop bit."""
SMALLEST_DIVISOR = 15
"""From here on :mod:`formal.uart` proves that the receiver bears such a line."""
OFF = 0.03
"""Share by which a bit may be longer or shorter."""
SPOILT = 0.9
"""Share of the bits that have a bad sample."""
GAPS = {"none": 0.5, "high": 0.2, "glitch": 0.2, "glitches": 0.07, "break": 0.03}
"""What comes before a frame, and how often."""
PIECES = [True, False, True, False, True]
"""Levels of a gap's pieces; most gaps have fewer, and the others have no length."""
LATENCY_CYCLES = 3
"""Cycles from a sample to the edge behind which the byte is there that this sample completes."""
BATCH_BYTES = 50_000
"""Bytes per run, whose line takes some 50 MB."""


class Line(NamedTuple):
    """A line with one frame per byte.

    Attributes
    ----------
    levels
        bool, one per clock cycle.
    begins, ends
        int64 (bytes,), first sample of each frame, and first sample behind it.
    spoilt
        Number of samples that are wrong.
    lows
        Number of glitches and breaks.
    """

    levels: NDArray[np.bool_]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    spoilt: int
    lows: int


class Count(NamedTuple):
    """Bytes sent, those read wrong or not at all, those made of nothing; bad samples, glitches and breaks."""

    sent: int
    wrong: int
    invented: int
    spoilt: int
    lows: int


def bad_line(data: NDArray[np.uint8], divisor: int, rng: np.random.Generator) -> Line:
    """The line of a sender of `data`, uint8 (bytes,), as bad as the receiver promises to bear.

    A bit is `divisor` clock cycles long, up to 3 % more or less: all bits of a frame by the sender's share,
    and each by its jitter. Most have one bad sample. Between frames there are lows that are shorter than half
    a bit, often with no more than two samples between them, and breaks.
    """
    bits = np.ones((len(data), FRAME_BITS), np.bool_)
    bits[:, 0] = False
    bits[:, 1:9] = np.unpackbits(data[:, np.newaxis], axis=1, bitorder="little")
    share = rng.uniform(-OFF, OFF, (len(data), 1))
    share[::2] = np.copysign(OFF, share[::2])  # the worst ones often
    lengths = divisor * (1 + np.clip(share + rng.normal(0, OFF / 6, bits.shape), -OFF, OFF))
    gaps = _gaps(len(data), divisor, rng)

    pieces = np.concatenate([gaps, lengths], axis=1)
    levels = np.concatenate([np.tile(PIECES, (len(data), 1)), bits], axis=1)
    edges = np.ceil(np.cumsum(pieces) + rng.uniform()).astype(np.int64)
    samples = np.diff(edges, prepend=0).reshape(pieces.shape)
    starts = edges.reshape(pieces.shape) - samples
    line = np.append(np.repeat(levels.ravel(), samples.ravel()), np.ones(FRAME_BITS * divisor, np.bool_))

    bit_starts, bit_samples = starts[:, len(PIECES) :], samples[:, len(PIECES) :]
    bad = bit_starts + np.floor(rng.uniform(size=bits.shape) * bit_samples).astype(np.int64)
    bad = bad[rng.uniform(size=bits.shape) < SPOILT]
    line[bad] ^= True
    ends = bit_starts[:, -1] + bit_samples[:, -1]
    return Line(line, bit_starts[:, 0], ends, bad.size, int((gaps[:, [1, 3]] > 0).sum()))


def _gaps(count: int, divisor: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Cycles of the pieces (count, 5) before each frame."""
    kind = rng.choice(list(GAPS), count, p=list(GAPS.values()))
    highs = 2 + np.floor(rng.exponential(divisor / 2, (3, count)))
    glitches = rng.integers(1, (divisor + 1) // 2, (2, count))
    one, two, long = kind == "glitch", kind == "glitches", kind == "break"
    gaps = np.zeros((count, len(PIECES)))
    gaps[:, 0] = np.where(kind == "high", rng.exponential(2 * divisor, count), highs[0])
    gaps[:, 1] = np.where(long, rng.integers(FRAME_BITS, 3 * FRAME_BITS, count) * divisor, glitches[0])
    gaps[:, 2] = highs[1]
    gaps[:, 3], gaps[:, 4] = glitches[1], highs[2]
    gaps[kind == "none", 0] = 0
    gaps[~(one | two | long), 1:] = 0
    gaps[~two, 3:] = 0
    return gaps


def compare(data: NDArray[np.uint8], line: Line, cycles: NDArray[np.int64], got: NDArray[np.uint8]) -> Count:
    """What was received against `data`, frame by frame.

    A byte belongs to the frame of the sample that completed it, LATENCY_CYCLES before `cycles`, int64 (n,). A
    second byte of a frame is invented, and so is one of no frame.
    """
    sample = cycles - LATENCY_CYCLES
    frame = np.searchsorted(line.begins, sample, side="right") - 1
    inside = (frame >= 0) & (sample < line.ends[frame])
    frames, first = np.unique(frame[inside], return_index=True)
    right = int((got[inside][first] == data[frames]).sum())
    return Count(len(data), len(data) - right, len(got) - len(frames), line.spoilt, line.lows)


def receiver_model(divisor: int) -> Model:
    """The receiver in ``uart_harness.cpp``, compiled or from the cache."""
    from hw.host.uart import UartReceiver

    verilog = to_verilog(UartReceiver(divisor), "uart_receiver")
    return build_model(
        ModelSource(top="uart_receiver", verilog=verilog, main=TESTBENCHES / "uart_harness.cpp")
    )


def receive(model: Model, levels: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Cycles and bytes that the receiver gives for a line.

    Raises RuntimeError if the simulation fails, WriteError if a full disk is why.
    """
    with scratch_folder("sim") as folder:
        np.packbits(levels, bitorder="little").tofile(folder / "line")
        (code,) = run_together(lambda place: start_program(model, [str(len(levels))], place), [folder])
        if code:
            raise failure_in(folder, code)
        came = np.fromfile(folder / "bytes", "<i8").reshape(-1, 2)
    return came[:, 0], came[:, 1].astype(np.uint8)


@reports_errors
def simulate_uart(
    count: Annotated[int, typer.Option("--bytes", min=1, help="Random bytes to send.")] = 100_000,
    divisor: Annotated[int, typer.Option(min=SMALLEST_DIVISOR, max=1000, help="Clock cycles per bit.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Bytes and faults of the line follow from it.")] = 0,
    json: JsonOption = False,
) -> None:
    """Send random bytes over a bad line into the UART receiver, under Verilator.

    Bits are up to 3 % off, nearly all have a bad sample, and between frames there are glitches and breaks.
    The exit code is 1 when a byte is read wrong, is lost, or comes of nothing.
    """
    rng = np.random.default_rng(seed)
    totals = Count(0, 0, 0, 0, 0)
    with terminal.waiting("compiling the receiver"):
        model = receiver_model(divisor)
    with terminal.stage("bytes", count) as stage:
        for first in range(0, count, BATCH_BYTES):
            data = rng.integers(0, 256, min(BATCH_BYTES, count - first), dtype=np.uint8)
            line = bad_line(data, divisor, rng)
            batch = compare(data, line, *receive(model, line.levels))
            totals = Count(*(total + part for total, part in zip(totals, batch, strict=True)))
            stage.done(len(data))
    if json:
        print_json({"divisor": divisor, "seed": seed, **totals._asdict()})
    else:
        answer.print(
            f"{totals.sent:,} bytes with {totals.spoilt:,} bad samples, {totals.lows:,} glitches and breaks: "
            f"{totals.wrong:,} wrong, {totals.invented:,} invented",
            soft_wrap=True,
            highlight=False,
        )
    if totals.wrong or totals.invented:
        raise typer.Exit(1)


if __name__ == "__main__":
    start(simulate_uart)
