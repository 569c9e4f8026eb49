"""Kept results: the kinds of them, what there is of each, and what goes when there is too much.

An entry is a file or a folder, ``KIND/xx/NAME`` in the folder of a store. The time of its last change is that
of its last use. A process holds the folders that it works with, and nobody else then removes them.
"""

import atexit
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sw.errors import EngramError
from sw.system.locks import if_free, remove_abandoned, try_lock
from sw.system.scratch import PREFIX, remove_abandoned_folders, scratch_folder

__all__ = ["KINDS", "Entry", "Kind", "clear", "entries", "hold", "keep_within_limit", "limit_bytes", "used"]


class Kind(NamedTuple):
    """A kind of entries: what they are, and the patterns of their paths."""

    what: str
    patterns: tuple[str, ...]


class Entry(NamedTuple):
    """What is kept of one key.

    Attributes
    ----------
    path
        File or folder.
    size
        In bytes.
    used
        Time of the last use, seconds since 1970.
    """

    path: Path
    size: int
    used: float


KINDS = {
    name: Kind(what, (f"{name}/??/*",))
    for name, what in {
        "models": "compiled simulations",
        "runtimes": "Verilator's run-time library, compiled",
        "netlists": "synthesised netlists",
        "measured": "sizes of synthesised components",
        "teachers": "trained teachers and their answers",
        "features": "feature maps of images",
        "templates": "templates made by explorations",
        "ranges": "ranges of converters in explorations",
        "chips": "accuracies of chips in explorations",
        "fpga": "FPGA estimates in explorations",
        "builds": "figures of points that explorations built",
    }.items()
}
"""All that can be computed again, by kind."""

LIMIT = "ENGRAM_CACHE_LIMIT"
DEFAULT_LIMIT = "5 GB"
UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}

_held: dict[Path, int] = {}
_kept_within: set[Path] = set()


def entries(folder: Path, kind: Kind) -> list[Entry]:
    """What a store's folder has of a kind, the least recently used first."""
    found = []
    for pattern in kind.patterns:
        for path in folder.glob(pattern):
            if not path.name.startswith((".", PREFIX)):
                with suppress(OSError):  # another process may have removed it meanwhile
                    found.append(Entry(path, _size(path), path.stat().st_mtime))
    return sorted(found, key=lambda entry: entry.used)


def used(path: Path) -> None:
    """Note that an entry is used now."""
    with suppress(OSError):  # the folder may be another user's
        os.utime(path)


def hold(path: Path) -> bool:
    """Hold a folder that is an entry until this process ends; False if it is not there."""
    if path in _held:
        if path.is_dir():
            used(path)
            return True
        os.close(_held.pop(path))
    try:
        file = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return False
    except OSError:
        return path.is_dir()  # it can be used and not be held
    ours = True
    with suppress(OSError):  # where there are no locks, nothing is removed either
        ours = try_lock(file, shared=True)
    if not (ours and path.is_dir()):  # it is being removed
        os.close(file)
        return False
    _held[path] = file
    used(path)
    return True


def clear(folder: Path, kinds: Iterable[Kind]) -> tuple[list[Entry], list[Entry]]:
    """Remove all entries of kinds; those that are gone, and those that somebody uses and stay."""
    gone: list[Entry] = []
    stay: list[Entry] = []
    for kind in kinds:
        for entry in entries(folder, kind):
            (gone if _remove(entry) else stay).append(entry)
        for pattern in kind.patterns:
            for place in folder.glob(str(Path(pattern).parent)):
                remove_abandoned(place, ".*.tmp")
                with suppress(OSError):
                    place.rmdir()
            remove_abandoned_folders(folder / Path(pattern).parts[0])
            with suppress(OSError):
                (folder / Path(pattern).parts[0]).rmdir()
    return gone, stay


def keep_within_limit(folder: Path) -> None:
    """When this process ends, remove what was least recently used, down to the limit.

    At the end, because walking through all that is kept takes time, and once is enough.

    Raises
    ------
    EngramError
        If the limit is no size.
    """
    if folder not in _kept_within:
        limit = limit_bytes()
        _kept_within.add(folder)
        if limit is not None:
            atexit.register(_trim, folder, limit)


def limit_bytes(environment: Mapping[str, str] = os.environ) -> int | None:
    """Bytes that may be kept, by ``$ENGRAM_CACHE_LIMIT``; None for any number.

    Raises
    ------
    EngramError
        If that is no size.
    """
    text = environment.get(LIMIT, "").strip() or DEFAULT_LIMIT
    if text.lower() == "none":
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.lower())
    if match is None or match[2] not in UNITS:
        raise EngramError(f"{LIMIT} must be a size such as 5GB or 500MB, or none, got {text!r}")
    return int(float(match[1]) * UNITS[match[2]])


def _trim(folder: Path, limit: int) -> None:
    with suppress(OSError):
        kept = sorted(
            (entry for kind in KINDS.values() for entry in entries(folder, kind)),
            key=lambda entry: entry.used,
        )
        size = sum(entry.size for entry in kept)
        for entry in kept:
            if size <= limit:
                return
            if _remove(entry):
                size -= entry.size


def _remove(entry: Entry) -> bool:
    """Remove an entry, unless somebody uses it."""
    with suppress(OSError), if_free(entry.path) as free:
        if free and entry.path.is_dir():
            with scratch_folder("removed", entry.path.parents[1]) as place:
                entry.path.rename(place / "entry")  # at once: nobody finds half of it
            return True
        if free:
            entry.path.unlink()
            return True
    return False


def _size(path: Path) -> int:
    return sum(each.stat().st_size for each in _files(path))


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (each for each in path.rglob("*") if each.is_file())
    else:
        yield path
