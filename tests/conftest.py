"""Fixtures shared by all tests."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from sw.bundle import Bundle
from sw.data.parts import Dataset
from tests.helpers.bundles import random_bundle
from tests.helpers.commands import QUICK, digits_bundle

ALLOCATIONS_PER_COLLECTION = 50_000
"""Python's own 700 let a design of some 100,000 objects be searched for cycles hundreds of times."""


def pytest_collection_finish() -> None:
    """Search for garbage seldom, and not in the libraries and tests, which stay: an eighth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS_PER_COLLECTION)


@pytest.fixture
def make_bundle() -> Callable[..., Bundle]:
    """The factory :func:`tests.helpers.bundles.random_bundle`."""
    return random_bundle


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Bundle, Path]:
    """What :func:`tests.helpers.commands.digits_bundle` makes."""
    return digits_bundle(tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of this run's own, shared by its workers, so everything is compiled at least once."""
    base = tmp_path_factory.getbasetemp()
    cache = (base.parent if base.name.startswith("popen-") else base) / "engram-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENGRAM_CACHE", str(cache))
        yield cache


@pytest.fixture
def one_thread() -> Iterator[None]:
    """PyTorch as in a training: networks this small only lose by a second thread."""
    from sw.training.determinism import deterministic

    with deterministic(0):
        yield


@pytest.fixture
def quick_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings of two epochs, with caches and runs in a folder of the test's own."""
    from sw.commands.train import plan as train_plan

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(train_plan, "recipe_for", lambda name: QUICK)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluations without pictures, which take most of the time."""
    from sw.commands.evaluate import report, study

    monkeypatch.setattr(report, "draw", lambda run, folder: [])
    monkeypatch.setattr(study, "draw_study", lambda *rest: None)


@pytest.fixture
def data_file(tmp_path: Path) -> str:
    """File of a data set of three classes, 9 x 8 pixels, whose name and folder have spaces."""
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    images = (rng.integers(0, 150, (60, 9, 8)) + 50 * labels[:, None, None]).astype(np.uint8)
    folder = tmp_path / "some where"
    folder.mkdir()
    path = folder / "my data.npz"
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    return str(path)
