"""Ways through the RTL that ``engram simulate`` takes: from features, whole images, self-programmed chips."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hw.sizing.front_end_choice import Variant
from sw.progress import Done, Listener
from sw.system.beside import beside

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from constraints.boards import Board
    from sim.check import Report
    from sim.models.runner import Waves
    from sw.bundle import Bundle

__all__ = ["Job", "Outcome", "run_features", "run_pixels", "run_self_programmed"]

TRACED_IMAGES = 2
"""Enough to see images follow each other; a waveform grows by megabytes per image."""
SAMPLE_IMAGES = 16
"""Whole images that run once more at random stalls."""

SAMPLE_STALLS = (2**15, 2**15)
"""Of pixels and answers in these, and of programming before them, in 1 / 65,536."""

COMPILING = "compiling the RTL with Verilator, once per bundle"
COMPILING_WAVES = "compiling the RTL with waveforms"
TRACED = "waveform of the first images: {}"


class Job(NamedTuple):
    """A run of the simulation, from word-line values or from whole images.

    Attributes
    ----------
    bundle
        The classifier.
    images, levels
        uint8, as in :mod:`sw.design.images`, and their word-line values uint8, (N, F), by the reference.
    title
        What the user is told.
    seed
        Of the stalls.
    jobs
        Processes.
    trace, waves
        Waveform file and its format.
    variant
        Of the front end.
    board
        For which the front end is made; None takes the smallest one that holds it.
    parallelism
        Sizes of the front end as for 'engram build'.
    listener
        Hears of the work.
    """

    bundle: "Bundle"
    images: "NDArray[np.uint8]"
    levels: "NDArray[np.uint8]"
    title: str
    seed: int
    jobs: int
    trace: Path | None
    waves: "Waves"
    variant: Variant
    board: "Board | None"
    parallelism: str
    listener: Listener


class Outcome(NamedTuple):
    """Results of a run.

    Attributes
    ----------
    report
        The comparison.
    seconds
        All of the simulation.
    cycles_per_second
        Of the part that runs all images.
    stalled
        Images that ran at random stalls.
    """

    report: "Report"
    seconds: float
    cycles_per_second: float
    stalled: int


def run_features(job: Job) -> Outcome:
    """Word-line values through the accelerator, all of them at random stalls."""
    from hw.sizing.array_timing import accelerator_timing
    from sim.accelerator import accelerator_model, verify
    from sim.models.runner import is_brief

    bundle, levels, seed = job.bundle, job.levels, job.seed
    with job.listener.waiting(COMPILING):
        model = accelerator_model(bundle, brief=is_brief(len(levels) * accelerator_timing(bundle).interval))
    if job.trace is not None:
        with job.listener.waiting(COMPILING_WAVES):
            traced = accelerator_model(bundle, job.waves)
        verify(traced, bundle, levels[:TRACED_IMAGES], seed=seed, waves=job.trace)
        job.listener.say(TRACED.format(job.trace))
    job.listener.say(job.title)
    report, seconds = _timed(
        job,
        "RTL",
        len(levels),
        lambda done: verify(model, bundle, levels, seed=seed, jobs=job.jobs, done=done),
    )
    return Outcome(report, seconds, report.cycles / seconds, len(levels))


def run_pixels(job: Job) -> Outcome:
    """Whole images: all of them as fast as they go, a sample at random stalls.

    The model for the sample is compiled beside what comes before it. Where several processes may run, the
    sample does so beside the images.
    """
    from hw.sizing.image_timing import image_cycles
    from sim.check import combined
    from sim.images import (
        front_end_of,
        image_bench,
        image_program,
        image_verilog,
        verify_images,
        verify_sample,
    )
    from sim.models.runner import is_brief

    images, levels, seed = job.images, job.levels, job.seed
    sample = slice(min(SAMPLE_IMAGES, len(images)))

    def verify_stalled(done: Done = lambda images: None) -> "Report":
        bench = image_bench(bundle, sizes)
        return verify_sample(bench, bundle, images[sample], levels[sample], seed=seed, done=done)

    with job.listener.waiting("choosing the parallelism of the front end"):
        bundle, sizes = front_end_of(job.bundle, job.variant, job.board, job.parallelism, job.listener)
    with job.listener.waiting("elaborating the RTL"):
        image_verilog(bundle, sizes)
    together = job.jobs > 1
    first: Callable[[], Any] = verify_stalled if together else partial(image_bench, bundle, sizes)
    with beside(first) as stalled:
        with job.listener.waiting(COMPILING):
            brief = is_brief(len(images) * image_cycles(bundle, sizes))
            program = image_program(bundle, sizes, brief=brief)
        if job.trace is not None:
            with job.listener.waiting(COMPILING_WAVES):
                traced = image_bench(bundle, sizes, job.waves)
            few = slice(TRACED_IMAGES)
            verify_sample(traced, bundle, images[few], levels[few], seed=seed, waves=job.trace)
            job.listener.say(TRACED.format(job.trace))
        job.listener.say(job.title)
        report, seconds = _timed(
            job,
            "RTL",
            len(images),
            lambda done: verify_images(program, bundle, images, levels, jobs=job.jobs, done=done),
        )

        def finish(done: Done) -> "Report":
            if not together:
                return verify_stalled(done)
            again = stalled.result()
            done(sample.stop)
            return again

        again, seconds_again = _timed(job, "RTL at random stalls", sample.stop, finish)
    speed = report.cycles / seconds
    return Outcome(combined(report, again), seconds + seconds_again, speed, sample.stop)


def run_self_programmed(job: Job) -> Outcome:
    """Whole images through an array that programs itself first; a sample once more, all at random stalls."""
    from sim.check import combined
    from sim.images import front_end_of, image_program, verify_images
    from sim.programming import SelfProgramming, worst

    images, levels, seed = job.images, job.levels, job.seed
    with job.listener.waiting("choosing the parallelism of the front end"):
        placed, sizes = front_end_of(job.bundle, job.variant, job.board, job.parallelism, job.listener)
    with job.listener.waiting("write-verify of the reference"):
        programming = SelfProgramming(placed)
        bundle, writes = programming.programmed, len(programming.requests())
    with job.listener.waiting(COMPILING):
        program = image_program(programming.erased, sizes)
    job.listener.say(job.title)

    def run(name: str, count: int, jobs: int, stalls: tuple[int, int]) -> tuple["Report", float]:
        jobs = min(jobs, count)
        return _timed(
            job,
            f"RTL{name}, {jobs} x {writes:,} writes and reads, images",
            jobs * writes + count,
            lambda done: verify_images(
                program,
                bundle,
                images[:count],
                levels[:count],
                jobs=jobs,
                stalls=stalls,
                seed=seed,
                programming=programming,
                done=done,
            ),
        )

    sample = min(SAMPLE_IMAGES, len(images))
    report, seconds = run("", len(images), job.jobs, (0, 0))
    again, seconds_again = run(" at random stalls", sample, 1, SAMPLE_STALLS)
    assert report.programming is not None and again.programming is not None
    both = combined(report, again)._replace(programming=worst([report.programming, again.programming]))
    return Outcome(both, seconds + seconds_again, report.cycles / seconds, sample)


def _timed(job: Job, name: str, total: int, run: Callable[[Done], "Report"]) -> tuple["Report", float]:
    """Run as a stage of the work; the report and the seconds."""
    started = time.perf_counter()
    with job.listener.stage(name, total) as stage:
        report = run(stage.done)
    return report, time.perf_counter() - started
