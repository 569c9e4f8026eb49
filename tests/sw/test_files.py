"""Files: whole or not at all."""

import errno
import os
import resource
import signal
from contextlib import contextmanager
from pathlib import Path

import pytest

from sw.errors import EngramError, WriteError
from sw.files import check_target, disk_fault, move_atomically, scratch_folder, write_atomically


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    path = tmp_path / "x.engram"

    def interrupt(file):
        assert len(os.listdir(tmp_path)) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"data", sync=True)
    assert os.listdir(tmp_path) == []


@pytest.fixture
def room_for():
    """Files can have so many bytes in the block: the system cuts them off there, as a full disk does."""

    @contextmanager
    def limited(size):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited


@pytest.mark.parametrize("size", [0, 1, 4_999])
def test_a_file_that_is_cut_off_never_has_its_name(tmp_path, room_for, size):
    path = tmp_path / "made" / "x.bin"
    with room_for(size), pytest.raises(WriteError) as refusal:
        write_atomically(path, bytes(5_000))
    assert str(refusal.value) == f"cannot write {path}: File too large"
    assert os.listdir(path.parent) == []
    with room_for(5_000):
        write_atomically(path, bytes(5_000))
    assert path.stat().st_size == 5_000


def test_a_finished_file_gets_its_name_on_this_disk_and_on_another(tmp_path, monkeypatch, room_for):
    finished, path = tmp_path / "finished", tmp_path / "made" / "x.bin"
    finished.write_bytes(b"finished")
    move_atomically(finished, path)
    assert path.read_bytes() == b"finished" and not finished.exists()

    def other_disk(*_):
        raise OSError(errno.EXDEV, "another disk")

    finished.write_bytes(b"changed since")
    monkeypatch.setattr(Path, "rename", other_disk)
    with room_for(5), pytest.raises(WriteError, match="File too large"):
        move_atomically(finished, path)
    assert path.read_bytes() == b"finished" and os.listdir(path.parent) == ["x.bin"]
    move_atomically(finished, path)
    assert path.read_bytes() == b"changed since" and os.listdir(path.parent) == ["x.bin"]


def test_a_path_that_can_be_no_file_is_refused_ahead_of_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    for path, reason in (
        (tmp_path, "that is a folder; give a file name"),
        (tmp_path / "file" / "a" / "x", f"{tmp_path / 'file'} is a file, not a folder; give another place"),
    ):
        with pytest.raises(WriteError) as refusal:
            check_target(path)
        assert str(refusal.value) == f"cannot write {path}: {reason}"
    check_target(tmp_path / "new" / "x")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS])
def test_a_disk_that_fails_in_a_temporary_folder_says_what_to_do(tmp_path, monkeypatch, number):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(WriteError) as refusal, scratch_folder("x-") as folder:
        raise OSError(number, os.strerror(number))
    said = f"cannot write {folder}: {os.strerror(number)}; make room there or set TMPDIR"
    assert str(refusal.value) == said
    assert os.listdir(tmp_path) == []


def test_other_errors_in_a_temporary_folder_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(FileNotFoundError), scratch_folder("x-") as folder:
        (folder / "nothing").read_bytes()
    assert os.listdir(tmp_path) == []


def test_no_temporary_folder_at_all_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(WriteError, match=r"none: No such file or directory; make room there or set TMPDIR"):
        with scratch_folder("x-"):
            pass


@pytest.mark.parametrize(("error", "stays"), [(EngramError("no"), True), (WriteError("no"), False)])
def test_logs_stay_where_a_message_names_them(tmp_path, monkeypatch, error, stays):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(EngramError), scratch_folder("x-", keeps_logs=True):
        raise error
    assert bool(os.listdir(tmp_path)) == stays


def test_the_disk_is_blamed_for_what_it_did(tmp_path, room_for):
    assert disk_fault(tmp_path, "a warning\nERROR: no place for it", 1) is None
    said = "as: No such thing\nas: x.o: No space left on device\n"
    assert disk_fault(tmp_path, said, 1) == "as: x.o: No space left on device"
    assert disk_fault(tmp_path, "", -signal.SIGXFSZ) == f"cannot write {tmp_path}: File too large"
    with room_for(100):
        assert disk_fault(tmp_path) == f"cannot write {tmp_path}: File too large"
    assert disk_fault(tmp_path / "none") == f"cannot write {tmp_path}/none: No such file or directory"
    assert os.listdir(tmp_path) == []
