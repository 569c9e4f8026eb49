"""Programs that run beside this process, none of which outlives it."""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

__all__ = ["ended"]

GRACE_S = 2.0
"""How long a program may take to end when it is asked to."""


@contextmanager
def ended(starts: Iterable[Callable[[], subprocess.Popen]]) -> Iterator[list[subprocess.Popen]]:
    """Start programs one after the other; none outlives the block, whatever ends it."""
    running: list[subprocess.Popen] = []
    try:
        for start in starts:
            running.append(start())
        yield running
    finally:
        for program in running:
            if program.poll() is None:
                program.terminate()
        for program in running:
            try:
                program.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
