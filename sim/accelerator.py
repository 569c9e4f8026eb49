"""The accelerator in its bench: compiled, run on images, every value held against the reference."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.check import Report, batches_of, check_batches
from sim.job import run_testbench
from sim.runner import TESTBENCHES, Model, ModelSource, Waves, build_model, to_verilog
from sw.bundle import Bundle

__all__ = ["accelerator_model", "verify"]

BENCH_FILES = ("stream_source.sv", "stream_sink.sv", "accelerator_bench.sv")
BATCH_ENTRIES = 4_096
MIN_BATCH, MAX_BATCH = 4, 32


def accelerator_model(bundle: Bundle, waves: Waves = "none") -> Model:
    """The accelerator of `bundle` in ``accelerator_bench.sv``, compiled or from the cache.

    Raises EngramError as :func:`sim.runner.build_model`.
    """
    from hw.accelerator import Accelerator
    from hw.geometry import ArrayGeometry
    from hw.payloads import conversion_layout, index_bits, result_layout

    design, geometry = bundle.design, ArrayGeometry(bundle.design)
    conversions = design.row_tiles * design.templates
    parameters = {
        "WORD_BITS": design.row_lanes,
        "CONVERSION_BITS": conversion_layout(design).size,
        "RESULT_BITS": result_layout(design).size,
        "SCORE_BITS": design.max_score.bit_length(),
        "ADDRESS_BITS": index_bits(design.templates),
        "WORDS": geometry.words,
        "FIRST_TILE_WORDS": geometry.words_in_tile[0],
        "CONVERSIONS": conversions,
        "TEMPLATES": design.templates,
        "IMAGES": min(max(BATCH_ENTRIES // max(conversions, geometry.words), MIN_BATCH), MAX_BATCH),
        # the longest stalls take as long as one image on average, and 64 times as long practically never
        "QUIET_LIMIT": 64 * (geometry.code_depth + conversions) + 10_000,
    }
    source = ModelSource(
        top="accelerator_bench",
        verilog=to_verilog(Accelerator(bundle), "accelerator"),
        files=tuple(TESTBENCHES / name for name in BENCH_FILES),
        parameters=parameters,
        waves=waves,
    )
    return build_model(source)


def verify(
    model: Model,
    bundle: Bundle,
    levels: NDArray[np.uint8],
    *,
    seed: int,
    jobs: int = 1,
    on_progress: Callable[[int], None] | None = None,
    waves: Path | None = None,
) -> Report:
    """Run word-line values through the RTL at random stalls and compare with the reference.

    Parameters
    ----------
    model
        From :func:`accelerator_model`, of this design.
    bundle
        What the reference runs.
    levels
        uint8, (N, F), at least one image.
    seed
        Of the random stalls, together with the number of the shard.
    jobs
        Processes; each gets a share of the images.
    on_progress
        Called several times a second with the number of images that are done.
    waves
        Waveform file, for a model that was built with waves and one job.

    Returns
    -------
    Report
        Image numbers as in `levels`; latency and interval from the first shard.
    """
    from hw.geometry import ArrayGeometry

    words = ArrayGeometry(bundle.design).pack_levels(levels)
    shards = np.array_split(np.arange(len(levels)), min(jobs, len(levels)))
    orders = [{"words": words[shard], "seed": np.array([seed, i])} for i, shard in enumerate(shards)]
    outcomes = run_testbench(
        model, "sim.testbenches.accelerator", orders, on_progress=on_progress, waves=waves
    )
    reports = [
        check_batches(bundle, levels[shard], batches_of(outcome), first_image=int(shard[0]))
        for shard, outcome in zip(shards, outcomes, strict=True)
    ]
    return Report(
        wrong=np.concatenate([report.wrong for report in reports]),
        first=next((report.first for report in reports if report.first), None),
        labels=np.concatenate([report.labels for report in reports]),
        latency=reports[0].latency,
        interval=reports[0].interval,
        cycles=sum(report.cycles for report in reports),
    )
