"""Scratch folders: nothing of them stays, whatever ends their owner."""

import signal
import subprocess
import sys
import tempfile

import pytest

from sw.system.scratch import keep_folder, remove_abandoned_folders, scratch_folder

OWNER = """
import sys, time
from pathlib import Path
from sw.system.scratch import scratch_folder
with scratch_folder("test", Path(sys.argv[1])) as folder:
    (folder / "inner").mkdir()
    (folder / "inner" / "file").write_bytes(bytes(1000))
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("failure", [None, KeyboardInterrupt])
def test_it_goes_away_after_the_block(tmp_path, monkeypatch, failure):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    try:
        with scratch_folder("test") as folder:
            assert folder.parent == tmp_path and folder.name.startswith("engram-test-")
            (folder / "inner").mkdir()
            (folder / "inner" / "file").write_text("")
            (folder / "link").symlink_to(tmp_path)
            if failure:
                raise failure
    except KeyboardInterrupt:
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_next_one_removes_what_was_killed_and_nothing_else(tmp_path):
    (tmp_path / "engram-file").write_text("")
    (tmp_path / "engram-other").mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, tmp_path], stdout=subprocess.PIPE, text=True
    ) as owner:
        left = tmp_path / owner.stdout.readline().strip()
        with scratch_folder("test", tmp_path):
            assert (left / "inner" / "file").exists()
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    assert left.exists()
    with scratch_folder("test", tmp_path) as mine:
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
            ["engram-file", "engram-other", mine.name]
        )


def test_one_that_is_kept_stays(tmp_path):
    with scratch_folder("test", tmp_path) as folder:
        (folder / "log").write_text("why")
        keep_folder(folder)
    remove_abandoned_folders(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["log"]


def test_one_that_cannot_be_made_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), scratch_folder("test", tmp_path / "none"):
        pass
