"""Fixtures shared by all tests."""

from collections.abc import Callable

import pytest

from sw.bundle import Bundle
from tests.bundles import random_bundle


@pytest.fixture
def make_bundle() -> Callable[..., Bundle]:
    """The factory :func:`tests.bundles.random_bundle`."""
    return random_bundle
