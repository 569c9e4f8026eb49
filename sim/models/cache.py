"""Cache of compiled models, a folder of the store: an entry is whole or does not exist.

Several processes may build at the same time.
"""

import shutil
from pathlib import Path

from sw.cache.kept import keep_within_limit
from sw.files import scratch_folder

__all__ = ["keep"]


def keep(files: list[Path], kept: Path) -> None:
    """Put finished files into the cache as the folder `kept`, unless that exists already."""
    if kept.is_dir():
        return
    keep_within_limit(kept.parents[2])
    kept.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder("finished", kept.parents[1]) as folder:
        finished = folder / "entry"
        finished.mkdir()
        for path in files:
            shutil.copy2(path, finished)
        try:
            finished.rename(kept)
        except OSError:
            if not kept.is_dir():  # another process may have been faster
                raise
