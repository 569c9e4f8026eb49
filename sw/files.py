"""Files that appear whole or not at all, the folders for them, and why a disk refuses them."""

import errno
import glob
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sw.errors import EngramError, WriteError
from sw.system import scratch
from sw.system.locks import open_in_use, remove_abandoned

__all__ = [
    "DISK",
    "check_target",
    "disk_fault",
    "make_folder",
    "move_atomically",
    "scratch_folder",
    "write_atomically",
    "writing",
]


DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})
"""Errors that are the disk's, whatever was done: full, quota, file too large, broken, read-only."""
DISK_WORDS = (*(os.strerror(number) for number in DISK), "File size limit exceeded")
"""How tools speak of them; the last is the shell's word for a program that the system ended for its file.
"""
PROBE_BYTES = 1 << 16
"""A disk with less room than this is full: tools write in pieces of about this size."""


def write_atomically(path: Path, data: bytes, *, sync: bool = False) -> None:
    """Write `data` to a temporary neighbour and rename it; raises WriteError when that fails.

    With `sync` the data are on the disk before the name is: a power cut leaves the old file or the new one.
    """
    with _neighbour(path) as temporary, os.fdopen(open_in_use(temporary), "wb") as file:
        file.write(data)
        if sync:
            file.flush()
            os.fsync(file.fileno())


def move_atomically(finished: Path, path: Path) -> None:
    """Give a finished file the name `path`, on this disk or another; raises WriteError when that fails."""
    with _neighbour(path) as temporary:
        try:
            finished.rename(temporary)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            shutil.copyfile(finished, temporary)


@contextmanager
def _neighbour(path: Path) -> Iterator[Path]:
    """Name beside `path` for a file that becomes `path` after the block, and is gone where that fails."""
    check_target(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            remove_abandoned(path.parent, f".{glob.escape(path.name)}.*.tmp")
            yield temporary
            temporary.replace(path)
    finally:
        with suppress(OSError):  # after a rename it is gone; in a folder that is none it never was
            temporary.unlink()


def check_target(path: Path) -> None:
    """Refuse a path that can be no file, ahead of the work that is to fill it.

    Raises
    ------
    WriteError
        If it is a folder, or what should be its folder is a file.
    """
    if not path.name or os.path.isdir(path):
        raise WriteError(f"cannot write {path}: that is a folder; give a file name")
    for above in path.parents:
        if os.path.exists(above) and not os.path.isdir(above):
            raise WriteError(f"cannot write {path}: {above} is a file, not a folder; give another place")


@contextmanager
def writing(place: Path, advice: str = "", *, disk_only: bool = False) -> Iterator[None]:
    """Make a failure of the system one line: `place` cannot be written, why, and `advice`.

    With `disk_only` the block does other things too, whose errors are left alone.

    Raises
    ------
    WriteError
        In place of an OSError of the block.
    """
    try:
        yield
    except OSError as error:
        if disk_only and error.errno not in DISK:
            raise
        raise _refused(place, error, advice) from None


@contextmanager
def scratch_folder(kind: str, parent: Path | None = None, *, keeps_logs: bool = False) -> Iterator[Path]:
    """A temporary folder of :func:`sw.system.scratch.scratch_folder`, which is gone after the block.

    With `keeps_logs` it stays where a tool failed in it whose message names its log.

    Raises
    ------
    WriteError
        If it cannot be made, and in place of an error of the disk in the block.
    """
    advice = f"make room there or set {'TMPDIR' if parent is None else 'ENGRAM_CACHE'}"
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(scratch.scratch_folder(kind, parent))
        except OSError as error:
            raise _refused(parent or Path(tempfile.tempdir or "temporary files"), error, advice) from None
        try:
            with writing(folder, advice, disk_only=True):
                yield folder
        except EngramError as error:
            if keeps_logs and not isinstance(error, WriteError):
                scratch.keep_folder(folder)
            raise


def disk_fault(folder: Path, said: str = "", code: int = 0) -> str | None:
    """What the disk is to blame for after a program wrote into `folder`, or None where it is not.

    It is the program's own line, which may name another place, or that we cannot write into the folder
    either. Many tools do not look whether their writing succeeds: they leave a short file and end well. So
    the folder is asked too, by writing a little into it.

    Parameters
    ----------
    folder
        Where the program wrote.
    said
        Its messages, if it failed.
    code
        Its exit code, negative for a signal.
    """
    if code == -signal.SIGXFSZ:
        return f"cannot write {folder}: {os.strerror(errno.EFBIG)}"
    for line in said.splitlines():
        if any(word in line for word in DISK_WORDS):
            return line.strip()
    probe = folder / f".room.{os.getpid()}.tmp"
    try:
        with probe.open("wb") as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())  # some file systems tell of no room only then
    except OSError as error:
        return str(_refused(folder, error))
    finally:
        with suppress(OSError):
            probe.unlink()
    return None


def _refused(place: Path, error: OSError, advice: str = "") -> WriteError:
    return WriteError(f"cannot write {place}: {_reason(error)}{'; ' if advice else ''}{advice}")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def make_folder(folder: Path) -> None:
    """Make a folder with its parents, unless it exists; raises WriteError where no file could be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"cannot make the folder {folder}: {_reason(error)}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise WriteError(f"cannot write into {folder}: permission denied; give another folder")
