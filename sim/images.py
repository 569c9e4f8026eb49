"""Whole images through the RTL, pixels to class.

Two ways, both held against the same reference. A C++ program takes whole test sets through the RTL with no
Python at a clock edge. The cocotb bench of :mod:`sim.accelerator` takes a sample, stalls at random and reads
every score back.
"""

import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hw.sizing.front_end_choice import Variant
from sim.accelerator import bench_model, macros_of, settling_cycles, verify_inputs
from sim.check import Report, check_batches, joined
from sim.job import failure_in, last_words, run_together
from sim.models.runner import Model, ModelSource, Waves, build_model, start_program, to_verilog
from sim.programming import ProgrammingReport, SelfProgramming, worst
from sim.recording import IMAGES_AT_ONCE, Recording, payload_bytes
from sim.testbenches.files import TESTBENCHES
from sw.bundle import Bundle
from sw.design.layer import PIXEL_BITS
from sw.errors import EngramError, WriteError
from sw.files import disk_fault, scratch_folder
from sw.progress import SILENT, Done, Listener
from sw.system.programs import Program

if TYPE_CHECKING:
    from constraints.boards import Board
    from hw.frontend.variant import Sizes

__all__ = [
    "DRAIN",
    "ImageProgram",
    "Observed",
    "front_end_of",
    "image_bench",
    "image_program",
    "image_verilog",
    "start_images",
    "verify_images",
    "verify_sample",
]

DRAIN = 64
"""Cycles after the last result in which nothing more should come."""
COULD_NOT_WRITE = 1
"""Exit code of the program when a file could not be read or written."""


class ImageProgram(NamedTuple):
    """The C++ program, and the cycles without a pixel or a result after which it gives a run up."""

    model: Model
    patience: int


class Observed(NamedTuple):
    """Verilog of an accelerator with observers in it, and the files that these are in."""

    verilog: str
    files: tuple[Path, ...]


def front_end_of(
    bundle: Bundle,
    variant: Variant = Variant.auto,
    board: "Board | None" = None,
    parallelism: str = "auto",
    listener: Listener = SILENT,
) -> tuple[Bundle, "Sizes"]:
    """The bundle and its front end as they go on a board.

    Without one it is the smallest known board that holds them, and the serial front end if none does.
    `listener` hears of the choice.

    Raises EngramError if the variant does not serve the bundle, or if it does not fit the board named.
    """
    from hw.sizing.front_end_choice import Source, configured, default_front_end, serial_front_end

    if board is not None:
        placed, sizes = configured(bundle, board, Source.pixels, variant, parallelism, listener)
        assert sizes is not None
        return placed, sizes
    try:
        return default_front_end(bundle, variant)
    except EngramError:
        return bundle, serial_front_end(bundle, variant)


def image_program(
    bundle: Bundle, parallelism: "Sizes", *, brief: bool = False, observed: Observed | None = None
) -> ImageProgram:
    """:class:`hw.image_accelerator.ImageAccelerator` in ``image_harness.cpp``, compiled or from the cache.

    `brief` as in :class:`sim.models.runner.ModelSource`; `observed` is the same accelerator with something
    beside it that watches. Raises EngramError as :func:`sim.models.runner.build_model`.
    """
    from hw.geometry import ArrayGeometry
    from hw.payloads import conversion_layout, result_layout, write_layout, written_layout
    from hw.sizing.image_timing import image_cycles

    design = bundle.design
    programmable = bundle.array.pulse is not None
    source = ModelSource(
        top="image_top",
        verilog=observed.verilog if observed else image_verilog(bundle, parallelism),
        files=(TESTBENCHES / "image_top.sv", *(observed.files if observed else ())),
        parameters={
            "WORD_BITS": ArrayGeometry(design).word_bits,
            "CONVERSION_BITS": conversion_layout(design).size,
            "RESULT_BITS": result_layout(design).size,
            "WRITE_BITS": write_layout(design).size if programmable else 1,
            "WRITTEN_BITS": written_layout(design).size if programmable else 1,
        },
        defines=macros_of(bundle),
        main=TESTBENCHES / "image_harness.cpp",
        brief=brief,
    )
    return ImageProgram(build_model(source), 64 * image_cycles(bundle, parallelism) + 10_000)


def image_bench(bundle: Bundle, parallelism: "Sizes", waves: Waves = "none") -> Model:
    """The image accelerator in ``accelerator_bench.sv``, for cocotb."""
    from hw.sizing.image_timing import image_cycles

    design = bundle.design
    return bench_model(
        bundle,
        image_verilog(bundle, parallelism),
        "image_accelerator",
        inputs=(design.image_size.values, PIXEL_BITS),
        headstart=0,
        waves=waves,
        front_end_cycles=image_cycles(bundle, parallelism),
        brief=True,
    )


@lru_cache(maxsize=1)  # program and bench are of one design, and to elaborate it takes seconds
def image_verilog(bundle: Bundle, parallelism: "Sizes") -> str:
    """Verilog of :class:`hw.image_accelerator.ImageAccelerator`; who needs it in two threads asks before."""
    from hw.image_accelerator import ImageAccelerator

    return to_verilog(ImageAccelerator(bundle, parallelism), "image_accelerator")


def verify_sample(
    model: Model,
    bundle: Bundle,
    images: NDArray[np.uint8],
    levels: NDArray[np.uint8],
    *,
    seed: int,
    done: Done = lambda images: None,
    waves: Path | None = None,
) -> Report:
    """Run images at random stalls in the model of :func:`image_bench`; every score is read back.

    Arguments as for :func:`verify_images` and :func:`sim.accelerator.verify`.
    """
    pixels = np.unpackbits(images.reshape(len(images), -1, 1), axis=-1, bitorder="little")
    return verify_inputs(
        model,
        bundle,
        pixels,
        levels,
        keep_words=True,
        seed=seed,
        jobs=1,
        done=done,
        waves=waves,
    )


def verify_images(
    program: ImageProgram,
    bundle: Bundle,
    images: NDArray[np.uint8],
    levels: NDArray[np.uint8],
    *,
    jobs: int = 1,
    stalls: tuple[int, int] = (0, 0),
    seed: int = 0,
    programming: SelfProgramming | None = None,
    done: Done = lambda images: None,
) -> Report:
    """Run whole images through the RTL and compare with the reference.

    Compared are word-line values, ADC codes, class, template, margin and acceptance. Scores are the sums of
    the codes that came; what the hardware made of them shows in template and margin.

    Parameters
    ----------
    program
        From :func:`image_program`, of this design.
    bundle
        What the reference runs.
    images
        uint8, as in :mod:`sw.design.images`, at least one.
    levels
        uint8, (N, F), their word-line values by :func:`sw.reference.pipeline.levels_of`.
    jobs
        Processes; each gets a share of the images.
    stalls
        Probability, in 1 / 65,536, that no new pixel is offered in a cycle, and that no result can be taken.
    seed
        Of the stalls, together with the number of the shard.
    programming
        What every process does before its images; `bundle` has the codes that must come of it.
    done
        Hears several times a second how many more images are finished, and requests of `programming` in all
        processes.

    Returns
    -------
    Report
        Latency is from the first pixel to the result, on an idle accelerator. Latency and interval are from
        the first shard, and None if there are stalls.

    Raises
    ------
    EngramError
        If the temporary folder is full.
    """
    shards = np.array_split(np.arange(len(images)), min(jobs, len(images)))
    seeds = np.random.SeedSequence(seed).generate_state(len(shards), np.uint64).tolist()
    writes = np.zeros(0, np.uint64) if programming is None else programming.requests()
    patience = program.patience + (0 if programming is None else programming.patience())
    with scratch_folder("sim") as place:
        folders = [place / str(number) for number in range(len(shards))]
        for folder in folders:
            folder.mkdir()
            writes.tofile(folder / "writes")

        def start(folder: Path) -> Program:
            number = folders.index(folder)
            return start_images(
                program._replace(patience=patience),
                images[shards[number]],
                folder,
                seed=seeds[number],
                stalls=stalls,
                writes=len(writes),
                first_image=int(shards[number][0]),
            )

        _require_success(run_together(start, folders, done), folders)
        reports = [
            check_batches(bundle, levels[first : first + len(batch.images)], [batch], first_image=int(first))
            for folder, shard in zip(folders, shards, strict=True)
            for first, batch in zip(
                shard[::IMAGES_AT_ONCE], Recording(bundle.design, folder, len(shard)).batches(), strict=True
            )
        ]
        programmed = [] if programming is None else [_programmed(programming, folder) for folder in folders]
    report = joined(reports)
    if programmed:
        report = report._replace(programming=worst(programmed))
    return report if stalls == (0, 0) else report._replace(latency=None, interval=None)


def start_images(
    program: ImageProgram,
    images: NDArray[np.uint8],
    folder: Path,
    *,
    seed: int = 0,
    stalls: tuple[int, int] = (0, 0),
    writes: int = 0,
    first_image: int = 0,
    drain: int = DRAIN,
) -> Program:
    """Start the program on images in `folder`, where the requests of its file ``writes`` go first.

    It runs on for `drain` cycles after the last result. What it leaves there stands at the head of
    ``image_harness.cpp``.
    """
    images.tofile(folder / "pixels")
    numbers = (len(images), images[0].size, seed, *stalls, program.patience, writes, first_image)
    return start_program(
        program.model, [str(value) for value in (*numbers, settling_cycles(), drain)], folder
    )


def _programmed(programming: SelfProgramming, folder: Path) -> ProgrammingReport:
    """How one process programmed its array."""
    size = payload_bytes(programming.answer_bits)
    came = np.fromfile(folder / "written", np.uint8)
    answers = np.zeros((len(came) // size, 8), np.uint8)
    answers[:, :size] = came.reshape(-1, size)
    (cycles,) = np.fromfile(folder / "programming", "<u8").tolist()
    return programming.check(answers.view("<u8")[:, 0], cycles)


def _require_success(codes: Sequence[int], folders: Sequence[Path]) -> None:
    for code, folder in zip(codes, folders, strict=True):
        if code == COULD_NOT_WRITE:
            why = last_words(folder) or disk_fault(folder) or "no reason"
            raise WriteError(
                f"the simulation must write its results to {tempfile.gettempdir()}, got "
                f"{why!r}; make room there or set TMPDIR"
            )
        if code:
            raise failure_in(folder, code)
