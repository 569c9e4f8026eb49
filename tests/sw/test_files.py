"""Files: whole or not at all; TOML of the user, read or refused in one line."""

import os

import pytest

from sw.errors import EngramError
from sw.files import read_toml, write_atomically


def test_toml_is_read(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('a = 1\n[b]\nc = "\u00b5"\n', encoding="utf-8")
    assert read_toml(path) == {"a": 1, "b": {"c": "\u00b5"}}


@pytest.mark.parametrize("content", [b"a = [", b"\xff\xfe", b"a = " + 9_999 * b"["])
def test_what_is_no_toml_is_one_line(tmp_path, content):
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(EngramError) as refusal:
        read_toml(path)
    assert str(refusal.value).startswith(f"{path} must be a TOML file: ")
    assert "\n" not in str(refusal.value)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(EngramError) as refusal:
        read_toml(tmp_path)
    assert str(refusal.value) == f"cannot read {tmp_path}: Is a directory"


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    path = tmp_path / "x.engram"

    def interrupt(file):
        assert len(os.listdir(tmp_path)) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"data", sync=True)
    assert os.listdir(tmp_path) == []
