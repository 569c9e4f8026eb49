"""An ``.npz`` of the user, read without unpickling anything, with one line for whatever is wrong with it."""

import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from sw.data.hints import object_hint
from sw.errors import EngramError

__all__ = ["read_npz"]


def read_npz(
    path: Path, wanted: Collection[str], others: str, check: Callable[[Collection[str], str], None]
) -> dict[str, NDArray]:
    """Arrays of a file by name.

    Parameters
    ----------
    path
        The file.
    wanted
        Names of the arrays to read; what is not there is left out.
    others
        What else a user may give, for the message about a file that cannot be read.
    check
        Is given the names of all arrays and the file's, before one is read, and refuses what it misses.

    Raises
    ------
    EngramError
        If the file cannot be read, is no ``.npz``, or one of these arrays has objects.
    """
    foreign = EngramError(
        f"{path} is not a NumPy .npz file, or is damaged; save one with numpy.savez(FILE, x_train=...)"
    )
    arrays = {}
    try:
        with _archive(path) as archive:
            check(archive.files, str(path))
            for key in archive.files:
                if key not in wanted:
                    continue
                try:
                    arrays[key] = archive[key]
                except ValueError as error:
                    if "pickle" not in str(error).lower():
                        raise
                    raise EngramError(
                        f"{path}: {key} is an object array, which is never unpickled; {object_hint(key)}"
                    ) from None
    except OSError as error:
        if error.errno is None:
            raise foreign from None
        raise EngramError(f"cannot read {path}: {error.strerror}; give {others}") from None
    except MemoryError:
        raise EngramError(
            f"{path} says that it holds more than fits into memory; it is damaged, or needs a larger machine"
        ) from None
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        # All of these come from zipfile and NumPy on damaged files, the last one of an unknown compression.
        raise foreign from None
    return arrays


@contextmanager
def _archive(path: Path) -> Iterator[NpzFile]:
    """The opened file, which NumPy would leave open if it is no archive; ValueError for a single array."""
    with path.open("rb") as file:
        opened = np.load(file, allow_pickle=False)
        if not isinstance(opened, NpzFile):
            raise ValueError(f"{path} is one array")
        with opened:
            yield opened
