"""Files that appear whole or not at all, and the folders for them."""

import os
from contextlib import suppress
from pathlib import Path

from sw.errors import EngramError

__all__ = ["make_folder", "write_atomically"]


def write_atomically(path: Path, data: bytes, *, sync: bool = False) -> None:
    """Write `data` to a temporary neighbour and rename it; raises EngramError when that fails.

    With `sync` the data are on the disk before the name is: a power cut leaves the old file or the new one.
    """
    if not path.name:
        raise EngramError(f"cannot write {path}: that is a folder; give a file name")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise EngramError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):  # after a rename it is gone; in a folder that is none it never was
            temporary.unlink()


def make_folder(folder: Path) -> None:
    """Make a folder with its parents, or find it there; raises EngramError where no file could be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngramError(f"cannot make the folder {folder}: {error.strerror or error}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EngramError(f"cannot write into {folder}: permission denied; give another folder")
