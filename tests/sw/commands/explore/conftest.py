"""Fixtures of the tests of engram explore."""

import pytest

from sw.bundle import save
from tests.helpers.explorations import BUNDLE, DATA


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A bundle with its data set as files, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sw.commands.explore.asked.dataset_of", lambda *_: (DATA, True))
    monkeypatch.setenv("COLUMNS", "160")
    save(BUNDLE, tmp_path / "tiny.engram")
    return tmp_path
