"""Images through an exported core and its bus, held against the integer reference."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hw.cores.axi_stream import ACCEPTED, MALFORMED, word_bytes, word_fields
from hw.cores.registers import identity
from hw.fpga.export import Core, write_verilog
from hw.sizing.image_timing import image_cycles
from sim.cores.simulators import Simulator, compiled, start_at_random
from sim.job import Arrays, run_testbench
from sim.models.runner import Model
from sw.bundle import Bundle
from sw.errors import EngramError
from sw.files import scratch_folder
from sw.progress import SILENT, Done, Listener
from sw.reference.pipeline import run
from sw.reference.trace import Mismatch, Trace

if TYPE_CHECKING:
    from constraints.boards import Board
    from hw.frontend.variant import Sizes

__all__ = ["SIMULATED", "CoreReport", "verify_core"]

SIMULATED = {Core.axi_stream: "cocotbext.axi", Core.wishbone: "cocotbext.wishbone"}
"""Cores for which there is a bus model that is not ours, and the package that has it."""
MALFORMED_SHARE = 1 / 16
LONGEST_EXCESS = 2
"""Images that a packet may be longer than one."""
STALLED = 16
"""How many times longer a run takes for its stalls."""
OTHER_INDEX = 1_000_000
"""Of the image in the middle of a run, where there is read noise and a register for it."""


class CoreReport(NamedTuple):
    """Images and malformed ones that were run, images with a wrong value, the first of them, and cycles.

    `scored` is of how many images all scores were read and compared, `refused` how many pixels came without
    room and were refused.
    """

    images: int
    malformed: int
    mismatches: int
    first: Mismatch | None
    scored: int
    refused: int
    cycles: int


@dataclass(frozen=True)
class _Bench:
    """A model with the memory files that it reads, and what its runs hear and take."""

    model: Model
    files: list[Path]
    seed: int
    patience: int
    done: Done

    def run(self, testbench: str, job: Arrays) -> Arrays:
        job |= {"seed": np.array(self.seed), "patience": np.array(self.patience)}
        name = f"sim.testbenches.{testbench}"
        (outcome,) = run_testbench(self.model, name, [job], beside=self.files, done=self.done)
        return outcome


def verify_core(
    bundle: Bundle,
    board: "Board",
    parallelism: "Sizes",
    images: NDArray[np.uint8],
    core: Core,
    *,
    simulator: Simulator = Simulator.verilator,
    seed: int = 0,
    done: Done = lambda images: None,
    listener: Listener = SILENT,
) -> CoreReport:
    """Export a core as ``engram build --verilog-only`` does, and run images through it at random stalls.

    Everything that may hold anything before the reset does, see :mod:`sim.cores.simulators`; and the reset
    comes in the middle of an image. Among the packets of AXI-Stream are malformed ones. Compared are class,
    template, margin and acceptance; with Wishbone also the identity and, where they can be read, all scores.

    Parameters
    ----------
    bundle, board, parallelism
        What is exported, with its front end.
    images
        uint8, as in :mod:`sw.design.images`, at least one.
    core
        One of those in SIMULATED.
    simulator
        What runs it.
    seed
        Of stalls, contents before the reset and malformed packets.
    done
        Hears of finished images.
    listener
        Hears of export and compilation.

    Raises
    ------
    EngramError
        If a tool is missing or fails, or there is no room.
    RuntimeError
        If the bus model complains, or an answer never comes.
    """
    _require(SIMULATED[core])
    check: Callable[[_Bench, Bundle, NDArray[np.uint8]], CoreReport]
    check = _axi_stream if core is Core.axi_stream else _wishbone
    interval = image_cycles(bundle, parallelism)
    with scratch_folder("cores") as folder:
        exported, started = folder / "exported", folder / "started"
        started.mkdir()
        result = write_verilog(
            bundle, board, exported, name="core", core=core, parallelism=parallelism, listener=listener
        )
        text = start_at_random(Path(result["verilog"]), started, seed)
        files = sorted(started.glob("*.mem"))
        with listener.waiting(f"compiling for {simulator}"):
            model = compiled(simulator, text, folder, STALLED * interval * len(images))
        patience = 64 * STALLED * (interval + images[0].size) + 10_000
        return check(_Bench(model, files, seed, patience, done), bundle, images)


def _require(package: str) -> None:
    """Look for a bus model before the work for it: without one the testbench would end with a traceback."""
    try:
        found = find_spec(package)
    except ModuleNotFoundError:  # of the package around it
        found = None
    if found is None:
        raise EngramError(
            f"{package.replace('.', '-')} is not installed; install it with: pip install 'engram-rram[sim]'"
        )


def _axi_stream(bench: _Bench, bundle: Bundle, images: NDArray[np.uint8]) -> CoreReport:
    rng = np.random.default_rng(bench.seed)
    whole = images.reshape(len(images), -1)
    packets: list[NDArray[np.uint8]] = []
    for image in whole:
        if rng.random() < MALFORMED_SHARE:
            packets.append(_malformed(image, rng))
        packets.append(image)
    lengths = np.array([len(packet) for packet in packets])
    size = whole.shape[1]
    as_taken = np.zeros((len(packets), size), np.uint8)
    for row, packet in zip(as_taken, packets, strict=True):
        row[: len(packet)] = packet[:size]
    wrong_size = lengths != size

    outcome = bench.run(
        "axi_stream",
        {
            "pixels": np.concatenate(packets),
            "lengths": lengths,
            "image": np.array(size),
            "word_bytes": np.array(word_bytes(bundle.design)),
        },
    )
    expected = run(bundle, as_taken.reshape(-1, *images.shape[1:]))
    words = np.zeros_like(outcome["words"])
    flags = (expected.accepted & ~wrong_size) << ACCEPTED | wrong_size << MALFORMED
    values = {"label": expected.label, "template": expected.template, "margin": expected.margin}
    fields = word_fields(bundle.design)
    for name, (first, count) in fields.items():
        value = flags if name == "flags" else values[name]
        words[:, first : first + count] = value[:, None] >> 8 * np.arange(count) & 255
    wrong = words != outcome["words"]
    mismatch = None
    if wrong.any():
        place, byte = (int(index) for index in np.argwhere(wrong)[0])
        want, got = int(words[place, byte]), int(outcome["words"][place, byte])
        mismatch = Mismatch(place, "byte", (byte,), want, got)
    bad = int(wrong.any(axis=1).sum())
    return CoreReport(len(images), int(wrong_size.sum()), bad, mismatch, 0, 0, int(outcome["cycles"]))


def _malformed(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The pixels of a packet that is shorter than an image, or longer."""
    excess = rng.integers(0, 256, LONGEST_EXCESS * image.size, dtype=np.uint8)
    if rng.random() < 0.5:
        return image[: int(rng.integers(1, max(2, image.size)))]
    return np.concatenate([image, excess[: int(rng.integers(1, excess.size + 1))]])


def _wishbone(bench: _Bench, bundle: Bundle, images: NDArray[np.uint8]) -> CoreReport:
    jump = len(images) // 2 if bundle.array.read_noise is not None else -1
    outcome = bench.run(
        "wishbone",
        {
            "images": images.reshape(len(images), -1),
            "templates": np.array(bundle.design.templates),
            "jump": np.array(jump),
            "index": np.array(OTHER_INDEX),
        },
    )
    parts = [(images, 0)] if jump < 1 else [(images[:jump], 0), (images[jump:], OTHER_INDEX)]
    expected = [run(bundle, part, first) for part, first in parts]
    answers = np.concatenate([_answers(trace) for trace in expected])
    scores = np.concatenate([trace.scores for trace in expected])
    read = outcome["scores"] >= 0
    compared: list[tuple[str, Any, Any]] = [
        ("answer", answers, outcome["answers"]),
        ("score", np.where(read, scores, -1), outcome["scores"]),
    ]
    wrong = np.zeros(len(images), np.bool_)
    first = None
    for stage, want, got in compared:
        differs = want != got
        wrong |= differs.any(axis=1)
        if differs.any() and first is None:
            image, place = (int(index) for index in np.argwhere(differs)[0])
            first = Mismatch(image, stage, (place,), int(want[image, place]), int(got[image, place]))
    told = outcome["identity"].tolist()
    for register, (want, got) in enumerate(zip(identity(bundle).values(), told, strict=True)):
        if want != got:
            wrong[:] = True
            first = Mismatch(0, "identity", (register,), want, got)
    return CoreReport(
        images=len(images),
        malformed=0,
        mismatches=int(wrong.sum()),
        first=first,
        scored=int(read.all(axis=1).sum()),
        refused=int(outcome["refused"]),
        cycles=int(outcome["cycles"]),
    )


def _answers(trace: Trace) -> NDArray[np.int64]:
    return np.stack([trace.label, trace.template, trace.margin, trace.accepted], axis=1)
