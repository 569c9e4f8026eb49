"""Fixtures shared by all tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sw.bundle import Bundle
from sw.datasets import Dataset
from tests.bundles import random_bundle
from tests.commands import digits_bundle


@pytest.fixture
def make_bundle() -> Callable[..., Bundle]:
    """The factory :func:`tests.bundles.random_bundle`."""
    return random_bundle


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Bundle, Path]:
    """What :func:`tests.commands.digits_bundle` makes."""
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
    from sw.determinism import deterministic

    with deterministic(0):
        yield
