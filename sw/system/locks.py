"""Locks: a folder that one command uses at a time, and files and folders whose owner lives.

They are those of the kernel (flock), which lets go when the owner ends, by SIGKILL too. The number of a
process in a file would stay, and a later process may have it. Over NFS they hold between machines where its
lock service runs; where it does not, a folder is refused, and files that are left are not removed.
"""

import errno
import fcntl
import json
import os
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sw.errors import EngramError

__all__ = ["LOCK", "if_free", "one_at_a_time", "open_in_use", "open_locked", "remove_abandoned", "try_lock"]

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
LOCK = ".lock"
"""File in a folder that is in use; it says by whom."""


def try_lock(file: int, *, shared: bool = False) -> bool:
    """Lock an open file or folder until it is closed, if nobody else has it.

    Raises
    ------
    OSError
        If the file system has no locks.
    """
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def open_locked(path: Path) -> int | None:
    """A file that is open, locked by us, and made if it is missing; None if another has it locked.

    Raises
    ------
    OSError
        If it cannot be opened, or the file system has no locks.
    """
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not try_lock(file):
                os.close(file)
                return None
            # who had it before may have removed it since we opened it: then ours is no longer that path
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file), os.stat(path)):
                    return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def open_in_use(path: Path) -> int:
    """An empty file that :func:`remove_abandoned` leaves alone until it is closed; raises OSError."""
    file = None
    while file is None:
        try:
            file = open_locked(
                path
            )  # None for as long as another process takes to look whether it is abandoned
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    os.truncate(file, 0)
    return file


@contextmanager
def if_free(path: Path) -> Iterator[bool]:
    """Whether a file or folder is there and nobody has it locked; in the block we have."""
    file = None
    free = False
    try:
        with suppress(OSError):  # also where the file system has no locks
            file = os.open(path, os.O_RDONLY)
            free = try_lock(file)
        yield free
    finally:
        if file is not None:
            os.close(file)


def remove_abandoned(folder: Path, pattern: str) -> None:
    """Remove files of such names that nobody has locked: whoever wrote them is gone."""
    for path in folder.glob(pattern):
        with if_free(path) as free, suppress(OSError):
            if free:
                path.unlink()


@contextmanager
def one_at_a_time(folder: Path, other: str = "give another folder") -> Iterator[None]:
    """This process alone uses the folder in the block; it is made, and goes away if it stays empty.

    Parameters
    ----------
    folder
        Which.
    other
        What else a person can do than wait for the other process.

    Raises
    ------
    EngramError
        If another process has it, with who that is, or if it cannot be made or locked.
    """
    made = not folder.exists()
    file = _locked(folder, other)
    try:
        yield
    finally:
        with suppress(OSError):
            (folder / LOCK).unlink()
            if made:
                folder.rmdir()
        os.close(file)


def _locked(folder: Path, other: str) -> int:
    """The lock file of a folder, open and ours."""
    path = folder / LOCK
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EngramError(
                f"cannot make the folder {folder}: {error.strerror or error}; {other}"
            ) from None
        try:
            file = open_locked(path)
            if file is None:
                raise EngramError(
                    f"{folder} must be used by one command at a time, {_holder(path)}; "
                    f"wait for it, or {other}"
                )
            os.truncate(file, 0)
            os.pwrite(file, _ourselves(), 0)
            return file
        except FileNotFoundError:
            continue  # who had it before has just removed the empty folder
        except OSError as error:
            raise EngramError(f"cannot lock {path}: {error.strerror or error}; {other}") from None


def _ourselves() -> bytes:
    command = [Path(sys.argv[0]).name, *sys.argv[1:]]
    holder = {
        "process": os.getpid(),
        "host": socket.gethostname(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        "command": shlex.join(command),
    }
    return json.dumps(holder).encode()


def _holder(path: Path) -> str:
    try:
        found = json.loads(path.read_bytes())
        return (
            f"'{found['command']}' has it since {found['since']} "
            f"(process {found['process']} on {found['host']})"
        )
    except (OSError, ValueError, TypeError, KeyError):
        return "another process has it"  # and is about to say who it is
