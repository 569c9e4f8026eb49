"""Surroundings of a command: whose modules it and its child processes import, and where tools keep things.

The tools of others (YoWASP, Amaranth's Yosys, Matplotlib) keep what they compile in the cache folder of the
system, which lies in the home. In a container or on the node of a cluster there may be none.
"""

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Literal

from sw.cache import cache_folder, system_folder
from sw.errors import EngramError
from sw.sources import ROOT

__all__ = [
    "own_modules_first",
    "python_path",
    "refusal",
    "require_tool_cache",
    "settle",
    "tools_use_ours",
]


def own_modules_first() -> None:
    """Let this process import our packages from where this module lies, not from a namesake elsewhere.

    ``python -m`` puts the working folder first, and PYTHONPATH may name a project that has a package ``sim``
    of its own.
    """
    sys.path[:] = [str(ROOT), *(place for place in sys.path if place != str(ROOT))]


def python_path() -> str:
    """PYTHONPATH with which a child process imports the modules that this one can import, ours first.

    The empty entry is left out: to the child it would mean the folder that the child runs in.
    """
    return os.pathsep.join(dict.fromkeys([str(ROOT), *filter(None, sys.path)]))


def settle() -> None:
    """Set the environment of this process for what it imports later and for its child processes.

    Python's safe path: a file ``random.py`` or a folder ``sim`` where a person stands is no module of a child
    process. Where the system's cache folder does not serve the tools of others, they use ours.

    Raises
    ------
    EngramError
        If there is no folder for temporary files.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        raise EngramError(
            "temporary files need a folder that can be written, none was found; set TMPDIR to one"
        ) from None
    system = _known("cache")
    if not _keeps(system):
        with suppress(EngramError):  # no home at all; who needs a cache will say so
            ours = cache_folder().absolute()
            if _keeps(ours) or (not _serves(system) and _serves(ours)):
                os.environ["XDG_CACHE_HOME"] = str(ours)
    if "MPLCONFIGDIR" not in os.environ and not _serves(_known("config")):
        system = _known("cache")
        if system is not None and _serves(system / "matplotlib"):
            os.environ["MPLCONFIGDIR"] = str(system / "matplotlib")


def require_tool_cache() -> None:
    """Raise EngramError if the tools of others have no folder to keep things in; they would end with it."""
    settle()
    folder = system_folder("cache")
    if reason := refusal(folder):
        raise EngramError(
            f"the tools keep what they compile in {folder}, which must be writable, got: {reason}; "
            "set ENGRAM_CACHE or XDG_CACHE_HOME to a folder that is"
        )


def tools_use_ours() -> bool:
    """Whether :func:`settle` gave the tools of others our cache folder; the system's does not serve them."""
    return os.environ.get("XDG_CACHE_HOME") == str(cache_folder().absolute())


def refusal(folder: Path) -> str | None:
    """Reason why no file can be written into a folder, which is made if missing; None if one can.

    It is tried: permissions do not tell of a full or a read-only disk, nor anything to root.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"engram")
    except OSError as error:
        return error.strerror or str(error)
    return None


def _known(kind: Literal["cache", "config"]) -> Path | None:
    try:
        return system_folder(kind)
    except EngramError:
        return None


def _serves(folder: Path | None) -> bool:
    return folder is not None and refusal(folder) is None


def _keeps(folder: Path | None) -> bool:
    """Whether tools can keep machine code in a folder: writable, and on a file system that executes."""
    if folder is None or not _serves(folder):
        return False
    return not os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0)
