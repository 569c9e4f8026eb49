"""The baseline means the same as the reference: equal without noise, equally noisy with it."""

from concurrent.futures import Future

import numpy as np
import pytest

from sw.errors import EngramError
from sw.evaluation import baseline
from sw.evaluation.baseline import TorchChips
from sw.evaluation.chips import CHIPS_TOGETHER
from sw.reference import noise, pipeline
from tests.helpers.bundles import random_bundle, random_levels, tiny_design

WINDOWS = {"cell": "window", "thresholds_per_feature": 3, "match_code": 40, "mismatch_code": 9}


@pytest.mark.parametrize(
    "changes", [{}, {"adc_bits": None}, {"templates_per_class": 3, "cols": 2}, WINDOWS], ids=str
)
def test_without_noise_it_gives_the_same_scores(changes):
    design = tiny_design(**{"cell_bits": 4, "adc_bits": 6, **changes})
    bundle = random_bundle(design, 1, codes="random")
    levels = random_levels(design, 100, 2)
    other = random_bundle(design, 3, codes="random")
    chips = TorchChips([bundle, other])
    scores, labels = chips.scores(chips.inputs(levels)), chips.labels(chips.inputs(levels))
    for chip, programmed in enumerate((bundle, other)):
        expected = pipeline.run_levels(programmed, levels)
        np.testing.assert_array_equal(scores[:, chip], expected.scores)
        np.testing.assert_array_equal(labels[:, chip], expected.label)


def test_its_noise_has_the_strength_of_the_reference():
    bundle = random_bundle(tiny_design(cell_bits=8, rows=100), 1, codes="random", noise=True)
    levels = np.repeat(random_levels(bundle.design, 1, 2), 4_000, axis=0)
    chip = TorchChips([bundle])
    spread = chip.scores(chip.inputs(levels))[:, 0].numpy().std(axis=0)
    sigma = noise.NOISE_SIGMA * bundle.array.read_noise.scale[0] / 2**bundle.array.read_noise.shift
    np.testing.assert_allclose(spread, sigma, rtol=5 / (2 * 4_000) ** 0.5)


def test_it_is_measured():
    bundle = random_bundle(tiny_design(cell_bits=4, adc_bits=6), 1)
    both = baseline.measure(bundle, random_levels(bundle.design, 100, 2), 1, turns=1)
    for got in both:
        assert min(got.images_per_second, got.reference_images_per_second) > 0
        assert got.ratio == got.reference_images_per_second / got.images_per_second
        assert (got.processes, got.threads) == (1, 1)
    assert [got.chips_together for got in both] == [1, CHIPS_TOGETHER]


def test_each_rate_is_held_against_the_reference_in_turns_with_it(monkeypatch):
    """One process with two threads wins, in which the reference happened to be faster."""
    calls = []

    class Pool:
        def __init__(self, *arguments, **options):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def submit(self, work, *arguments):
            calls.append((work.__name__, *arguments))
            threads = next((call[1] for call in reversed(calls) if len(call) > 1), 1)
            rates = {
                "_trials": [1.0, 2.0],
                "_torch_rate": 10.0 * threads**3,
                "_reference_rate": 30.0 * threads,
            }
            future = Future()
            future.set_result(rates[work.__name__])
            return future

    monkeypatch.setattr(baseline, "ProcessPoolExecutor", Pool)
    bundle = random_bundle(tiny_design(), 1)
    got = baseline.measure(bundle, random_levels(bundle.design, 1, 2), 2, turns=1)
    assert got == tuple(baseline.Baseline(80.0, 1, 2, together, 120.0) for together in (1, CHIPS_TOGETHER))


def test_missing_torch_is_one_line(monkeypatch):
    monkeypatch.setattr(baseline.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngramError, match="--baseline needs PyTorch, which is not installed"):
        baseline.check_torch()
