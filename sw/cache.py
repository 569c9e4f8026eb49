"""Cache: results on disk, by the digest of everything that they follow from."""

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from sw.errors import EngramError
from sw.files import write_atomically

__all__ = ["Store", "cache_folder", "code_digest", "digest_of"]


def cache_folder() -> Path:
    """Where downloads and teachers are kept: ``$ENGRAM_CACHE``, or the system's cache folder."""
    import pooch

    return Path(os.environ.get("ENGRAM_CACHE") or pooch.os_cache("engram"))


ROOT = Path(__file__).parents[1]
COMPUTES = (
    "sw/reference",
    "sw/rram",
    "sw/design/point.py",
    "sw/design/layer.py",
    "sw/explore/compute/accuracy.py",
)
"""Source that the answers of chips follow from."""
MAKES = (
    "sw/templates/maker.py",
    "sw/templates/sizes.py",
    "sw/templates/clusters.py",
    "sw/templates/thresholds.py",
)
"""Source that templates follow from, besides."""
SOURCE = (".py", ".toml", ".json", ".sv", ".cpp")


def digest_of(key: Any) -> str:
    """SHA-256 of a JSON value, 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()


@cache
def code_digest(*places: str) -> str:
    """SHA-256 over files and folders, source and constants, by their paths from that of ``sw`` and ``hw``."""
    sha = hashlib.sha256()
    for place in places:
        path = ROOT / place
        inside = (file for file in path.rglob("*") if file.suffix in SOURCE)
        for file in sorted(inside) if path.is_dir() else [path]:
            sha.update(f"{file.relative_to(ROOT).as_posix()}\n".encode())
            sha.update(file.read_bytes())
    return sha.hexdigest()


class Store:
    """Results in a folder.

    Parameters
    ----------
    folder
        Made when the first result comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, kind: str, key: Any, suffix: str) -> Path:
        """Where something of that key is kept."""
        digest = digest_of(key)
        return self.folder / kind / digest[:2] / f"{digest[2:34]}{suffix}"

    def get(self, kind: str, key: Any) -> Any:
        """The value of a key, or None."""
        try:
            return json.loads(self.path(kind, key, ".json").read_bytes())["value"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def put(self, kind: str, key: Any, value: Any) -> None:
        """Keep a JSON value; raises EngramError if it cannot be written."""
        self.write(self.path(kind, key, ".json"), json.dumps({"value": value}).encode())

    def write(self, path: Path, data: bytes) -> None:
        """Write a file; raises EngramError that says what is not lost."""
        try:
            write_atomically(path, data)
        except EngramError as error:
            raise EngramError(
                f"{error}; what is done is kept: make room, then the same command goes on"
            ) from None
