"""Processes of a pool: they end with the process that started them, and leave signals to it."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import active_children, connection, parent_process

__all__ = ["ended_on_error", "tie_to_parent"]


def tie_to_parent() -> None:
    """End this process of a pool when its parent is gone, by SIGKILL too, and leave Ctrl-C to the parent.

    A process of a pool would wait for its next task for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # a process that was forked has the handlers of its parent, and may have SIGTERM blocked, which pools use
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    threading.Thread(target=_end_with_parent, daemon=True).start()


@contextmanager
def ended_on_error() -> Iterator[None]:
    """Kill the processes that pools start in the block when an error or a signal ends it.

    Pools themselves wait for tasks that run, and these may take long.
    """
    before = set(active_children())
    try:
        yield
    except BaseException:
        for process in set(active_children()) - before:
            process.kill()
        raise


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None, "only processes of a pool are tied"
    connection.wait([parent.sentinel])  # its other end is the parent's, and closes with it
    os._exit(1)
