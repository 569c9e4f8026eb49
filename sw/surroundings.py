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

from sw.cache import cache_folder
from sw.errors import EngramError
from sw.sources import ROOT

__all__ = ["own_modules_first", "python_path", "refusal", "require_tool_cache", "settle"]


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
    if not _keeps(_system_cache()):
        with suppress(EngramError):  # no home at all; who needs a cache will say so
            ours = cache_folder().absolute()
            if _keeps(ours) or (refusal(_system_cache()) and not refusal(ours)):
                os.environ["XDG_CACHE_HOME"] = str(ours)
    if "MPLCONFIGDIR" not in os.environ and refusal(_system_folder("config")):
        if not refusal(folder := _system_cache() / "matplotlib"):
            os.environ["MPLCONFIGDIR"] = str(folder)


def require_tool_cache() -> None:
    """Raise EngramError if the tools of others have no folder to keep things in; they would end with it."""
    settle()
    folder = _system_cache()
    if reason := refusal(folder):
        raise EngramError(
            f"the tools keep what they compile in {folder}, which must be writable, got: {reason}; "
            "set ENGRAM_CACHE or XDG_CACHE_HOME to a folder that is"
        )


def refusal(folder: Path) -> str | None:
    """Reason why no file can be written into a folder, which is made if missing; None if one can.

    It is tried: permissions do not tell of a full or a read-only disk, nor anything to root.
    """
    if folder.parts[:1] == ("~",):  # what is left of "~/.cache" for a user without a home
        return "no home folder is known"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"engram")
    except OSError as error:
        return error.strerror or str(error)
    return None


def _keeps(folder: Path) -> bool:
    """Whether tools can keep machine code in a folder: writable, and on a file system that executes."""
    return refusal(folder) is None and not os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0)


def _system_cache() -> Path:
    return _system_folder("cache")


def _system_folder(kind: Literal["cache", "config"]) -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir() if kind == "cache" else platformdirs.user_config_dir())
