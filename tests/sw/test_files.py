"""Files: whole or not at all."""

import os

import pytest

from sw.files import write_atomically


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    path = tmp_path / "x.engram"

    def interrupt(file):
        assert len(os.listdir(tmp_path)) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"data", sync=True)
    assert os.listdir(tmp_path) == []
