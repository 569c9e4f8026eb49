"""The same question put to plain PyTorch: how many images per second, in floats, without bit-exactness.

The baseline does what a user would write: per row tile a matrix product of floating-point cells, Gaussian
noise for every conversion, gain, rounding, clamping, a sum, the largest score. Its levels are made into
floats before the clock starts, it may choose its batch, and it runs both as one process per core and with
PyTorch's own threads; the best counts. Nonlinearity of the ADCs is left out, in its favour.

The reference takes turns with it in the same processes, classifying the same images, so whatever else runs
on the machine slows both.
"""

import importlib.util
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sw.bundle import Bundle
from sw.chips import CHIPS_TOGETHER
from sw.errors import EngramError
from sw.reference import pipeline
from sw.reference.array import cell_currents
from sw.reference.noise import NOISE_SIGMA

if TYPE_CHECKING:
    import torch

__all__ = ["Baseline", "TorchChip", "check_torch", "measure"]

BATCHES = (256, 512, 1_024, 2_048, 4_096)
TRIAL_SECONDS = 0.3
TURN_SECONDS = 0.25
TURNS = 12


class Baseline(NamedTuple):
    """Images per second over all processes.

    Attributes
    ----------
    images_per_second
        Of PyTorch.
    processes, threads
        How many processes, and threads in each, gave that.
    reference_images_per_second
        Of the reference, in one process per core.
    """

    images_per_second: float
    processes: int
    threads: int
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


class TorchChip:
    """One programmed chip in PyTorch; every operation as a float.

    Parameters
    ----------
    bundle
        The chip.
    """

    def __init__(self, bundle: Bundle) -> None:
        import torch

        design = self.design = bundle.design
        cells = cell_currents(bundle.codes, design).astype(np.float32)
        steps, base = np.diff(cells, axis=0), cells[0]
        self.tiles: list[tuple[Any, ...]] = []
        reader = [design.adc_of_match_line(line) for line in range(design.templates)]
        noise, values = bundle.read_noise, len(cells) - 1
        for tile in range(design.row_tiles):
            rows = slice(tile * design.rows, tile * design.rows + design.rows_in_tile(tile))
            gain, offset = np.ones(design.templates, np.float32), np.zeros(design.templates, np.float32)
            if design.adc_bits is not None:
                gain, offset = (
                    table[tile, reader].astype(np.float32) / 2**bundle.adc.shift
                    for table in (bundle.adc.gain, bundle.adc.offset)
                )
            sigma = 0.0 if noise is None else NOISE_SIGMA * int(noise.scale[tile]) / 2**noise.shift
            weights = steps[:, rows].reshape(-1, design.templates)
            parts = (weights, base[rows].sum(axis=0), gain, offset)
            driven = slice(rows.start * values, rows.stop * values)
            tensors = (torch.from_numpy(np.ascontiguousarray(part)) for part in parts)
            self.tiles.append((driven, *tensors, sigma))

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
        """Classes (N,) of a batch of :meth:`inputs`."""
        return self.scores(inputs).argmax(dim=1) // self.design.templates_per_class

    def scores(self, inputs: "torch.Tensor") -> "torch.Tensor":
        """Scores (N, T) of a batch of :meth:`inputs`."""
        import torch

        design = self.design
        scores = torch.zeros(len(inputs), design.templates)
        for driven, weights, base, gain, offset, sigma in self.tiles:
            currents = torch.addmm(base, inputs[:, driven], weights)
            if sigma:
                currents.add_(torch.randn(currents.shape), alpha=sigma)
            if design.adc_bits is None:
                scores.add_(currents.round_())
            else:
                scores.add_(currents.mul_(gain).add_(offset).floor_().clamp_(0, design.max_adc_code))
        return scores


def measure(bundle: Bundle, levels: NDArray[np.uint8], jobs: int, turns: int = TURNS) -> Baseline:
    """Measure PyTorch and the reference on a chip and images (N, F), with `jobs` cores, `turns` times each.

    Processes are started afresh: PyTorch's threads do not survive forking.
    """
    context, levels = multiprocessing.get_context("spawn"), np.asfortranarray(levels)
    found = []
    for processes, threads in sorted({(jobs, 1), (1, jobs)}, reverse=True):
        with ProcessPoolExecutor(processes, context) as pool:
            work = bundle, levels, threads, turns
            runs = [pool.submit(_images_per_second, *work) for _ in range(processes)]
            found.append((processes, threads, *np.sum([run.result() for run in runs], axis=0).tolist()))
    processes, threads, fastest, _ = max(found, key=lambda way: way[2])
    return Baseline(fastest, processes, threads, found[0][3])


def _images_per_second(
    bundle: Bundle, levels: NDArray[np.uint8], threads: int, turns: int
) -> tuple[float, float]:
    """Of PyTorch and of the reference, in turns."""
    import torch

    torch.set_num_threads(threads)
    chip = TorchChip(bundle)
    with torch.inference_mode(), threadpool_limits(1, user_api="blas"):
        inputs = chip.inputs(levels)

        def run_torch(batch: int) -> int:
            return sum(len(chip.labels(part)) for part in inputs.split(batch))

        def run_reference() -> int:
            return pipeline.classify_chips([bundle] * CHIPS_TOGETHER, levels).size

        batch = max(BATCHES, key=lambda batch: _rate(lambda: run_torch(batch), TRIAL_SECONDS))
        rates = [
            (_rate(lambda: run_torch(batch), TURN_SECONDS), _rate(run_reference, TURN_SECONDS))
            for _ in range(turns)
        ]
    of_torch, of_reference = np.mean(rates, axis=0).tolist()
    return of_torch, of_reference


def _rate(run: Callable[[], int], seconds: float) -> float:
    """Images per second of `run`, which says how many it did, over at least so many seconds."""
    started, images = perf_counter(), run()
    while perf_counter() - started < seconds:
        images += run()
    return images / (perf_counter() - started)
