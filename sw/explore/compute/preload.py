"""First step of a local worker: it leaves Ctrl-C to the process that waits for it."""

import signal
from typing import Any

__all__ = ["dask_setup"]


def dask_setup(worker: Any) -> None:
    """Called by Dask, in the main thread of the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
