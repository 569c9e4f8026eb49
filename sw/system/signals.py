"""Signals that end a command: SIGTERM of timeout, scancel and docker stop, SIGHUP of a terminal, Ctrl-C.

The first one becomes an exception like that of Ctrl-C: whatever the command has open is closed, its programs
end, and what is done is kept. A second one, half a second later or more, ends the process at once.
"""

import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from types import FrameType
from typing import Any

__all__ = ["Ended", "deferred", "ends_in_order", "exit_code", "raise_again", "word"]

WORDS = {"SIGINT": "interrupted", "SIGTERM": "ended by SIGTERM", "SIGHUP": "ended by SIGHUP"}
"""What the signals that end a command are called; those that a platform lacks never come."""
SAME_S = 0.5
"""Signals within this time are one: timeout sends its own twice, a terminal and its shell send one each."""


class Ended(KeyboardInterrupt):
    """A signal asked this process to end. Who catches Ctrl-C catches it too."""


class _First:
    """The first signal that came, when, whether it still waits, and how many blocks make it wait."""

    number: int | None = None
    seconds: float = 0.0
    waits: bool = False
    deferring: int = 0


def exit_code() -> int:
    """The exit code of a command that a signal ended, as shells know it: 130 for Ctrl-C."""
    return 128 + (_First.number or signal.SIGINT)


def word() -> str:
    """How the command ended."""
    return WORDS[signal.Signals(_First.number or signal.SIGINT).name]


@contextmanager
def ends_in_order() -> Iterator[None]:
    """Signals that end raise :class:`Ended` in the block.

    Those that are ignored stay so: nohup, and shells in the background, want them to be. A thread other than
    the first hears of no signals, and an inner block does nothing.
    """
    numbers = [number for name in WORDS if (number := getattr(signal, name, None)) is not None]
    before: dict[int, Any] = {number: signal.getsignal(number) for number in numbers}
    mine = threading.current_thread() is threading.main_thread() and _end not in before.values()
    if not mine:
        yield
        return
    _First.number, _First.waits = None, False
    taken = [number for number in numbers if before[number] not in (signal.SIG_IGN, None)]
    for number in taken:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in taken:
            # once a signal came, a further one ends what is left to do: by default, and without a traceback
            signal.signal(number, before[number] if _First.number is None else signal.SIG_DFL)


def raise_again() -> None:
    """Raise :class:`Ended` if a signal came and the command goes on all the same.

    Libraries have places that take every exception, such as ``except:`` around an import, and a signal that
    comes just there is lost. Long loops, which nothing enters once the command is ending, call this.
    """
    number = _First.number
    if number is not None and not _First.deferring and signal.getsignal(number) is _end:
        raise Ended


@contextmanager
def deferred() -> Iterator[None]:
    """The first signal waits for the end of the block: something in it must not be left half started.

    Threads and processes that are started in the block get none of these signals, nor do those that these
    start: a terminal sends them to all, and workers would end before those who wait for them, and complain.
    """
    resource_tracker.ensure_running()  # else the first process starts it, and unblocks signals thereafter
    blocked = {number for name in WORDS if (number := getattr(signal, name, None)) is not None}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
    _First.deferring += 1  # our own handler runs even so, when another thread gets the signal
    try:
        yield
    finally:
        _First.deferring -= 1
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if _First.waits and not _First.deferring:
            _First.waits = False
            raise Ended


def _end(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if _First.number is None:
        _First.number, _First.seconds = number, now
        if number == getattr(signal, "SIGHUP", None):
            _leave_terminal()
        if _First.deferring:
            _First.waits = True
            return
        raise Ended
    if now - _First.seconds >= SAME_S:
        with suppress(OSError):
            os.write(2, f"\n{word()} at once; the next run removes what is half-written\n".encode())
        os._exit(exit_code())


def _leave_terminal() -> None:
    """Write no more to a terminal that is gone, where each word is an error."""
    # such a terminal is still a device, but no longer answers as one
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            number = stream.fileno()
            if stat.S_ISCHR(os.fstat(number).st_mode) and not os.isatty(number):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, number)
                os.close(nowhere)
