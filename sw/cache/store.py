"""Cache: results on disk, by the digest of everything that they follow from.

A key is a JSON value. What this project computes has :func:`sw.sources.code_of` in it; what a tool makes has
the content of the files, the command and the version of the tool.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Literal

from sw.cache.kept import KINDS, keep_within_limit, used
from sw.errors import EngramError
from sw.files import write_atomically

__all__ = ["Store", "cache_folder", "digest_of", "system_folder"]


def cache_folder() -> Path:
    """Folder of downloads and cached results: ``$ENGRAM_CACHE``, or one in the system's cache folder.

    Raises EngramError as :func:`system_folder`.
    """
    named = os.environ.get("ENGRAM_CACHE")
    return Path(os.path.expanduser(named)) if named else system_folder("cache") / "engram"


def system_folder(kind: Literal["cache", "config"]) -> Path:
    """Where all programs of this user keep what they can make again, or their settings; it may not exist.

    Raises
    ------
    EngramError
        If neither an XDG variable nor the home of the user is known.
    """
    import platformdirs

    try:
        folder = Path(platformdirs.user_cache_dir() if kind == "cache" else platformdirs.user_config_dir())
    except RuntimeError:
        folder = Path("~")  # what older versions leave of "~/.cache"
    if not folder.is_absolute():
        raise EngramError(
            "downloads and results are kept in the home folder, and none is known; "
            "set ENGRAM_CACHE to a folder for them"
        )
    return folder


def digest_of(key: Any) -> str:
    """SHA-256 of a JSON value, 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()


class Store:
    """Results in a folder.

    Parameters
    ----------
    folder
        Made when the first result comes. If None, it is the cache folder, whose size has a limit.
    """

    def __init__(self, folder: Path | None = None) -> None:
        # absolute, because simulations run in folders of their own
        self.folder = (cache_folder() if folder is None else folder).absolute()
        self._limited = folder is None

    def path(self, kind: str, key: Any, suffix: str) -> Path:
        """Path of the file of a kind and key, or of a folder if `suffix` is empty."""
        assert kind in KINDS, kind
        digest = digest_of(key)
        return self.folder / kind / digest[:2] / f"{digest[2:34]}{suffix}"

    def get(self, kind: str, key: Any) -> Any:
        """The value of a key, or None."""
        path = self.path(kind, key, ".json")
        try:
            found = json.loads(path.read_bytes())["value"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        used(path)
        return found

    def put(self, kind: str, key: Any, value: Any) -> None:
        """Keep a JSON value; raises EngramError if it cannot be written."""
        self.write(self.path(kind, key, ".json"), json.dumps({"value": value}).encode())

    def write(self, path: Path, data: bytes) -> None:
        """Write a file; raises EngramError that says what is not lost."""
        if self._limited:
            keep_within_limit(self.folder)
        try:
            write_atomically(path, data)
        except EngramError as error:
            raise EngramError(
                f"{error}; what is done is kept: make room, or set ENGRAM_CACHE to another folder, then the "
                "same command goes on"
            ) from None
