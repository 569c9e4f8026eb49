"""Locks: a folder in use says by whom, and what is left by who was killed is nobody's."""

import os
import re
import signal
import subprocess
import sys

import pytest

from sw.errors import EngramError
from sw.system import locks
from sw.system.locks import if_free, one_at_a_time, open_in_use, open_locked, remove_abandoned

HOLDER = """
import sys, time
from pathlib import Path
from sw.system.locks import one_at_a_time
with one_at_a_time(Path(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(60)
"""


def test_who_holds_a_folder_is_said(tmp_path):
    place = tmp_path / "a b"
    with subprocess.Popen([sys.executable, "-c", HOLDER, place], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "ready\n"
        with pytest.raises(EngramError) as refusal, one_at_a_time(place, "give another -o"):
            raise AssertionError("the block is never entered")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert re.fullmatch(
        rf"{re.escape(str(place))} must be used by one command at a time, '-c {re.escape(repr(str(place)))}' "
        rf"has it since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d \(process {holder.pid} on \S+\); "
        r"wait for it, or give another -o",
        str(refusal.value),
    )
    with one_at_a_time(place):  # the kernel has let go
        assert [path.name for path in place.iterdir()] == [".lock"]
    assert list(place.iterdir()) == []


def test_a_folder_made_for_nothing_goes_away(tmp_path):
    with pytest.raises(ValueError), one_at_a_time(tmp_path / "new" / "folder"):
        raise ValueError
    assert list((tmp_path / "new").iterdir()) == []
    with one_at_a_time(tmp_path / "new"):
        pass
    assert (tmp_path / "new").exists()


@pytest.mark.parametrize("content", ["", "[]", "{}"])
def test_a_holder_that_has_not_said_who_it_is(tmp_path, content):
    file = open_locked(tmp_path / ".lock")
    os.write(file, content.encode())
    with pytest.raises(EngramError, match="one command at a time, another process has it; wait for it, or"):
        with one_at_a_time(tmp_path):
            pass
    os.close(file)


def test_a_lock_that_is_removed_before_we_have_it_is_none(tmp_path, monkeypatch):
    """Who held the folder removes its lock file while we have it open."""
    path, times = tmp_path / ".lock", []
    lock = locks.try_lock

    def slow(file):
        times.append(file)
        if len(times) == 1:
            path.unlink()
        return lock(file)

    monkeypatch.setattr(locks, "try_lock", slow)
    file = open_locked(path)
    assert len(times) == 2 and os.path.samestat(os.fstat(file), path.stat())
    os.close(file)


def test_a_place_that_can_have_no_lock_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EngramError, match=r"cannot make the folder .*file: File exists; give another folder"):
        with one_at_a_time(tmp_path / "file"):
            pass


def test_what_is_in_use_is_not_abandoned(tmp_path):
    used, left, other = (tmp_path / name for name in (".a.1.tmp", ".a.2.tmp", ".b.1.tmp"))
    file = open_in_use(used)
    left.write_text("half")
    other.write_text("half")
    remove_abandoned(tmp_path, ".a.*.tmp")
    assert sorted(tmp_path.iterdir()) == [used, other]
    os.close(file)
    remove_abandoned(tmp_path, ".a.*.tmp")
    assert list(tmp_path.iterdir()) == [other]


def test_folders_can_be_in_use_too(tmp_path):
    with if_free(tmp_path) as first, if_free(tmp_path) as second:
        assert (first, second) == (True, False)
    with if_free(tmp_path / "none") as free:
        assert not free


def test_a_file_system_without_locks_still_takes_files(tmp_path, monkeypatch):
    def refused(file):
        raise OSError(locks.errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks, "try_lock", refused)
    os.close(open_in_use(tmp_path / ".a.1.tmp"))
    remove_abandoned(tmp_path, "*")
    assert [path.name for path in tmp_path.glob(".*")] == [".a.1.tmp"]
    with pytest.raises(EngramError, match="No locks available; give another folder"):
        with one_at_a_time(tmp_path):
            pass
