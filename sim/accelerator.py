"""The accelerator in its cocotb bench: compiled, run at random stalls, held against the reference."""

from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.check import CHUNK_BITS, Report, batches_of, check_batches, joined
from sim.job import run_testbench
from sim.models.runner import Model, ModelSource, Waves, build_model, to_verilog
from sim.testbenches.files import TESTBENCHES
from sw.bundle import Bundle
from sw.progress import Done

__all__ = ["accelerator_model", "bench_model", "macros_of", "settling_cycles", "verify", "verify_inputs"]

BENCH_FILES = ("stream_source.sv", "stream_sink.sv", "accelerator_bench.sv")
BATCH_ENTRIES = 4_096
MIN_BATCH, MAX_BATCH = 4, 32


def accelerator_model(bundle: Bundle, waves: Waves = "none", *, brief: bool = False) -> Model:
    """The accelerator of `bundle` in ``accelerator_bench.sv``, compiled or from the cache.

    `brief` as in :class:`sim.models.runner.ModelSource`; raises EngramError as
    :func:`sim.models.runner.build_model`.
    """
    from hw.accelerator import Accelerator
    from hw.geometry import ArrayGeometry

    geometry = ArrayGeometry(bundle.design)
    return bench_model(
        bundle,
        to_verilog(Accelerator(bundle), "accelerator"),
        "accelerator",
        inputs=(geometry.words, geometry.word_bits),
        headstart=geometry.words_in_tile[0] - 1,
        waves=waves,
        brief=brief,
    )


def macros_of(bundle: Bundle) -> tuple[str, ...]:
    """Verilog macros that tell the benches which ports a bundle's accelerator has."""
    parts = {"PROGRAMMABLE": bundle.array.pulse, "READ_NOISE": bundle.array.read_noise}
    return tuple(name for name, part in parts.items() if part is not None)


def settling_cycles() -> int:
    """Cycles after a bench has set the index of the next image until its noise is valid."""
    from hw.array.noise.noise_values import KEY_CYCLES, VALUE_CYCLES

    return 1 + KEY_CYCLES + VALUE_CYCLES  # one for the bench's own register


def bench_model(
    bundle: Bundle,
    verilog: str,
    name: str,
    *,
    inputs: tuple[int, int],
    headstart: int,
    waves: Waves,
    front_end_cycles: int = 0,
    brief: bool = False,
) -> Model:
    """``accelerator_bench.sv`` around the accelerator with or without its front end.

    Parameters
    ----------
    bundle
        The classifier.
    verilog, name
        Of :class:`hw.accelerator.Accelerator` as ``accelerator``, or
        :class:`hw.image_accelerator.ImageAccelerator` as ``image_accelerator``.
    inputs
        Inputs per image, and bits of an input.
    headstart
        Inputs of an image that change no score of the image before it.
    waves
        Waveform format.
    front_end_cycles
        Cycles per image of the front end.
    brief
        As in :class:`sim.models.runner.ModelSource`.
    """
    from hw.geometry import ArrayGeometry
    from hw.payloads import conversion_layout, index_bits, result_layout

    design, geometry = bundle.design, ArrayGeometry(bundle.design)
    conversions = design.row_tiles * design.templates
    slowest = max(geometry.code_depth + conversions, front_end_cycles)
    parameters = {
        "INPUT_BITS": inputs[1],
        "WORD_BITS": geometry.word_bits,
        "CONVERSION_BITS": conversion_layout(design).size,
        "RESULT_BITS": result_layout(design).size,
        "SCORE_BITS": design.max_score.bit_length(),
        "ADDRESS_BITS": index_bits(design.templates),
        "INPUTS": inputs[0],
        "HEADSTART": headstart,
        "WORDS": geometry.words,
        "CONVERSIONS": conversions,
        "TEMPLATES": design.templates,
        "IMAGES": min(max(BATCH_ENTRIES // max(conversions, inputs[0]), MIN_BATCH), MAX_BATCH),
        # the longest stalls take as long as one image on average, and 64 times as long practically never
        "QUIET_LIMIT": 64 * slowest + 10_000,
    }
    source = ModelSource(
        top="accelerator_bench",
        verilog=verilog,
        files=tuple(TESTBENCHES / file for file in (*BENCH_FILES, f"{name}_target.sv")),
        parameters=parameters,
        defines=macros_of(bundle),
        waves=waves,
        brief=brief,
    )
    return build_model(source)


def verify(
    model: Model,
    bundle: Bundle,
    levels: NDArray[np.uint8],
    *,
    seed: int,
    jobs: int = 1,
    done: Done = lambda images: None,
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
    done
        Hears several times a second how many more images are finished.
    waves
        Waveform file, for a model that was built with waves and one job.

    Returns
    -------
    Report
        Image numbers as in `levels`; latency and interval from the first shard.
    """
    from hw.geometry import ArrayGeometry

    words = ArrayGeometry(bundle.design).pack_words(levels)
    return verify_inputs(
        model,
        bundle,
        words,
        levels,
        keep_words=False,
        seed=seed,
        jobs=jobs,
        done=done,
        waves=waves,
    )


def verify_inputs(
    model: Model,
    bundle: Bundle,
    inputs: NDArray[np.uint8],
    levels: NDArray[np.uint8],
    *,
    keep_words: bool,
    seed: int,
    jobs: int,
    done: Done,
    waves: Path | None,
) -> Report:
    """As :func:`verify`, for inputs (N, inputs, bits) of any kind.

    With `keep_words` the word-line values that the hardware made are compared with `levels` too.
    """
    from hw.geometry import ArrayGeometry

    chunks = ceil(ArrayGeometry(bundle.design).word_bits / CHUNK_BITS) if keep_words else 0
    shards = np.array_split(np.arange(len(inputs)), min(jobs, len(inputs)))
    orders = [
        {
            "inputs": inputs[shard],
            "first_image": shard[0],
            "settling": np.array(settling_cycles()),
            "seed": np.array([seed, i]),
            "word_chunks": np.array(chunks),
        }
        for i, shard in enumerate(shards)
    ]
    outcomes = run_testbench(model, "sim.testbenches.accelerator", orders, done=done, waves=waves)
    return joined(
        [
            check_batches(bundle, levels[shard], batches_of(outcome), first_image=int(shard[0]))
            for shard, outcome in zip(shards, outcomes, strict=True)
        ]
    )
