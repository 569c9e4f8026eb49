"""Speed of plain PyTorch, to compare with: images per second in floats, without bit-exactness.

The baseline does what a user would write: per row tile a matrix product of floating-point cells, Gaussian
noise for every conversion, gain, rounding, clamping, a sum, the largest score. Its levels are made into
floats before the clock starts; it may choose its batch; it classifies one chip at a time, or as many side by
side as the reference does, their weights in one matrix; and it runs both as one process per core and in one
process with PyTorch's own threads, of which the better counts. Nonlinearity of the ADCs is left out, in its
favour. Both are reported, one chip at a time and side by side: the first is what plain code does. The
reference has its compiled kernels from the start, if Numba is there.

The reference takes turns with it, one process per core, classifying the same images: every rate of PyTorch's
is held against what the reference did in the turns between, so whatever else runs on the machine slows both.
"""

import importlib.util
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sw.bundle import Bundle
from sw.errors import EngramError
from sw.evaluation.chips import CHIPS_TOGETHER
from sw.reference import pipeline
from sw.reference.array import cell_currents
from sw.reference.compiled import PATIENCE, expect
from sw.reference.noise import NOISE_SIGMA
from sw.system.signals import deferred
from sw.system.workers import ended_on_error, tie_to_parent

if TYPE_CHECKING:
    import torch

__all__ = ["Baseline", "TorchChips", "check_torch", "measure"]

BATCHES = (256, 512, 1_024, 2_048, 4_096)
WAYS = (1, CHIPS_TOGETHER)
"""Chips that PyTorch classifies side by side."""
TRIAL_SECONDS = 0.3
TURN_SECONDS = 0.25
TURNS = 8


class Baseline(NamedTuple):
    """Images per second over all processes.

    Attributes
    ----------
    images_per_second
        Of PyTorch.
    processes, threads, chips_together
        How many processes, threads in each, and chips side by side gave that.
    reference_images_per_second
        Of the reference, in one process per core, in turns with that.
    """

    images_per_second: float
    processes: int
    threads: int
    chips_together: int
    reference_images_per_second: float

    @property
    def ratio(self) -> float:
        """How many times as fast the reference is."""
        return self.reference_images_per_second / self.images_per_second


def check_torch() -> None:
    """Refuse early, with an EngramError, where PyTorch is missing."""
    if importlib.util.find_spec("torch") is None:
        raise EngramError(
            "--baseline needs PyTorch, which is not installed; pip install 'engram-rram[train]' brings it"
        )


class TorchChips:
    """Programmed chips in PyTorch, side by side; every operation as a float.

    Parameters
    ----------
    bundles
        The chips, of one design.
    """

    def __init__(self, bundles: Sequence[Bundle]) -> None:
        import torch

        design = self.design = bundles[0].design
        self.chips = len(bundles)
        self.tiles: list[tuple[Any, ...]] = []
        for tile in range(design.row_tiles):
            parts = zip(*(_tile_parts(bundle, tile) for bundle in bundles), strict=True)
            tensors = (torch.from_numpy(np.concatenate(part, axis=-1)) for part in parts)
            start, values = tile * design.rows, 2**design.level_bits - 1
            driven = slice(start * values, (start + design.rows_in_tile(tile)) * values)
            self.tiles.append((driven, *tensors))

    def inputs(self, levels: NDArray[np.uint8]) -> "torch.Tensor":
        """Word-line values (N, F) as floats, tile by tile; window cells get one for every value reached."""
        import torch

        design = self.design
        parts = [
            levels[:, tile * design.rows : (tile + 1) * design.rows] >= value
            for tile in range(design.row_tiles)
            for value in range(1, 2**design.level_bits)
        ]
        return torch.from_numpy(np.concatenate(parts, axis=1).astype(np.float32))

    def labels(self, inputs: "torch.Tensor") -> "torch.Tensor":
        """Classes (N, chips) of a batch of :meth:`inputs`."""
        return self.scores(inputs).argmax(dim=2) // self.design.templates_per_class

    def scores(self, inputs: "torch.Tensor") -> "torch.Tensor":
        """Scores (N, chips, T) of a batch of :meth:`inputs`."""
        import torch

        design = self.design
        scores = torch.zeros(len(inputs), self.chips * design.templates)
        for driven, weights, base, gain, offset, sigma in self.tiles:
            currents = torch.addmm(base, inputs[:, driven], weights)
            if sigma.any():
                currents.addcmul_(torch.randn(currents.shape), sigma)
            if design.adc_bits is None:
                scores.add_(currents.round_())
            else:
                scores.add_(currents.mul_(gain).add_(offset).floor_().clamp_(0, design.max_adc_code))
        return scores.reshape(len(inputs), self.chips, design.templates)


def _tile_parts(bundle: Bundle, tile: int) -> tuple[NDArray[np.float32], ...]:
    """Of a row tile: weights, lowest current, gain, offset and sigma of the noise, the last axis (T,)."""
    design, noise = bundle.design, bundle.array.read_noise
    rows = slice(tile * design.rows, tile * design.rows + design.rows_in_tile(tile))
    cells = cell_currents(bundle.array.codes[:, rows], design).astype(np.float32)
    gain, offset = np.ones(design.templates), np.zeros(design.templates)
    if design.adc_bits is not None:
        reader = [design.adc_of_match_line(line) for line in range(design.templates)]
        gain, offset = (
            table[tile, reader] / 2**bundle.array.adc.shift
            for table in (bundle.array.adc.gain, bundle.array.adc.offset)
        )
    sigma = 0.0 if noise is None else NOISE_SIGMA * int(noise.scale[tile]) / 2**noise.shift
    weights = np.diff(cells, axis=0).reshape(-1, design.templates)
    parts = weights, cells[0].sum(axis=0), gain, offset, np.full(design.templates, sigma)
    return tuple(part.astype(np.float32) for part in parts)


def measure(bundle: Bundle, levels: NDArray[np.uint8], jobs: int, turns: int = TURNS) -> tuple[Baseline, ...]:
    """Measure PyTorch and the reference on a chip and images (N, F), with `jobs` cores, `turns` times each.

    The first one of the answer is one chip at a time, the other as many side by side as the reference has.

    Processes are started afresh: PyTorch's threads do not survive forking.
    """
    context, levels = multiprocessing.get_context("spawn"), np.asfortranarray(levels)
    with (
        ProcessPoolExecutor(jobs, context, initializer=_enter, initargs=(bundle, levels)) as pool,
        ended_on_error(),
    ):

        def total(processes: int, work: Callable[..., Any], *arguments: Any) -> Any:
            runs = [pool.submit(work, *arguments) for _ in range(processes)]
            return np.sum([run.result() for run in runs], axis=0)

        with deferred():  # a process that is half started is killed by nobody
            starting = [pool.submit(_reference_rate) for _ in range(jobs)]
        for each in starting:
            each.result()  # what starts late is not measured

        def measured(together: int, processes: int, threads: int) -> Baseline:
            batch = BATCHES[int(np.argmax(total(processes, _trials, threads, together)))]
            rates = [
                (total(processes, _torch_rate, threads, together, batch), total(jobs, _reference_rate))
                for _ in range(turns)
            ]
            of_torch, of_reference = np.mean(rates, axis=0).tolist()
            return Baseline(of_torch, processes, threads, together, of_reference)

        splits = sorted({(jobs, 1), (1, jobs)}, reverse=True)
        return tuple(
            max((measured(together, *split) for split in splits), key=lambda way: way.images_per_second)
            for together in WAYS
        )


class Work(NamedTuple):
    """Of a process of the pool: the chip, the images' levels, and PyTorch's chips by their number."""

    bundle: Bundle
    levels: NDArray[np.uint8]
    torch_chips: dict[int, TorchChips]
    inputs: "torch.Tensor"


_work: Work


def _enter(bundle: Bundle, levels: NDArray[np.uint8]) -> None:
    global _work
    tie_to_parent()
    expect(PATIENCE + 1)  # both are measured as they are in a long evaluation
    torch_chips = {together: TorchChips([bundle] * together) for together in WAYS}
    _work = Work(bundle, levels, torch_chips, torch_chips[1].inputs(levels))


def _trials(threads: int, together: int) -> list[float]:
    """PyTorch's rates for every batch."""
    return [_torch_rate(threads, together, batch, TRIAL_SECONDS) for batch in BATCHES]


def _torch_rate(threads: int, together: int, batch: int, seconds: float = TURN_SECONDS) -> float:
    import torch

    torch.set_num_threads(threads)
    chips = _work.torch_chips[together]
    with torch.inference_mode():
        return _rate(lambda: sum(chips.labels(part).numel() for part in _work.inputs.split(batch)), seconds)


def _reference_rate() -> float:
    chips = [_work.bundle] * CHIPS_TOGETHER
    with threadpool_limits(1, user_api="blas"):
        return _rate(lambda: pipeline.classify_chips(chips, _work.levels).size, TURN_SECONDS)


def _rate(run: Callable[[], int], seconds: float) -> float:
    """Images per second of `run`, which says how many it did, over at least so many seconds."""
    started, images = perf_counter(), run()
    while perf_counter() - started < seconds:
        images += run()
    return images / (perf_counter() - started)
