"""Scratch folders: they go away when their block ends.

Those of a process that was killed go away when the next one is made in the same place.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sw.system.locks import LOCK, if_free, try_lock

__all__ = ["keep_folder", "remove_abandoned_folders", "scratch_folder"]

PREFIX = "engram-"


@contextmanager
def scratch_folder(kind: str, parent: Path | None = None) -> Iterator[Path]:
    """A new folder that goes away after the block, and those of owners that are gone with it.

    Parameters
    ----------
    kind
        A word for its name.
    parent
        Where; the system's folder for temporary files if None.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    place = Path(tempfile.gettempdir()) if parent is None else parent
    remove_abandoned_folders(place)
    folder, file = _made(kind, place)
    try:
        yield folder
    finally:
        if (folder / LOCK).exists():
            _remove(folder)
        os.close(file)


def keep_folder(folder: Path) -> None:
    """A scratch folder stays for a person to look at."""
    (folder / LOCK).unlink(missing_ok=True)


def remove_abandoned_folders(parent: Path) -> None:
    """Remove scratch folders whose owner ended without doing so."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError), if_free(folder / LOCK) as free:
            found = os.lstat(folder)
            if free and stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
                _remove(folder)


def _made(kind: str, parent: Path) -> tuple[Path, int]:
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{kind}-", dir=parent))
    new = folder / f"{LOCK}.new"
    file = os.open(new, os.O_RDWR | os.O_CREAT)
    with suppress(OSError):  # without locks a folder is never taken for abandoned
        try_lock(file)
    new.rename(folder / LOCK)  # nobody sees it before it is locked
    return folder, file


def _remove(folder: Path) -> None:
    """The lock goes last: what is killed half way is found again."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != LOCK:
                path.unlink()
        (folder / LOCK).unlink()
        folder.rmdir()
