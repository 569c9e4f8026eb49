"""Files that appear whole or not at all, the folders for them, and TOML files of the user."""

import glob
import os
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

from sw.errors import EngramError
from sw.system.locks import open_in_use, remove_abandoned

__all__ = ["make_folder", "read_toml", "write_atomically"]


def write_atomically(path: Path, data: bytes, *, sync: bool = False) -> None:
    """Write `data` to a temporary neighbour and rename it; raises EngramError when that fails.

    With `sync` the data are on the disk before the name is: a power cut leaves the old file or the new one.
    """
    if not path.name:
        raise EngramError(f"cannot write {path}: that is a folder; give a file name")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path.parent, f".{glob.escape(path.name)}.*.tmp")
        with os.fdopen(open_in_use(temporary), "wb") as file:
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
    """Make a folder with its parents, unless it exists; raises EngramError where no file could be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngramError(f"cannot make the folder {folder}: {error.strerror or error}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EngramError(f"cannot write into {folder}: permission denied; give another folder")


def read_toml(path: Path) -> dict[str, Any]:
    """Content of a TOML file; raises EngramError if it cannot be read or is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EngramError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EngramError(f"{path} must be a TOML file: {error}") from None
