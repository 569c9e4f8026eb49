"""Processes of this machine that hold values in common.

The cores are shared by processes, not threads: a call of NumPy's takes microseconds here, and threads would
spend more time than that on handing the interpreter to each other.
"""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from typing import Any, NamedTuple, Self

from threadpoolctl import threadpool_limits

from sw.errors import EngramError
from sw.farm.farm import Task
from sw.system.signals import deferred
from sw.system.workers import ended_on_error, tie_to_parent

__all__ = ["Processes", "default_jobs", "one_thread"]


class _Held(NamedTuple):
    """Stands for a value among the arguments of a task."""

    number: int


class Processes:
    """A farm of processes; a context manager that starts them, and ends them whatever ends the block.

    What is held is shared where the platform starts processes by forking, else copied once to each. So it
    must be held before the processes start. At the end of the block tasks that wait are dropped, and the few
    that run are waited for; an error or a signal ends these too.

    Parameters
    ----------
    processes
        How many.
    """

    def __init__(self, processes: int) -> None:
        self.processes = processes
        self._values: list[Any] = []
        self._pool: ProcessPoolExecutor | None = None
        self._stack = ExitStack()

    def hold(self, value: Any) -> Any:
        """Something that stands for the value; raises RuntimeError once the processes have started."""
        if self._pool is not None:
            raise RuntimeError("hold values before the processes start")
        self._values.append(value)
        return _Held(len(self._values) - 1)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._pool = ProcessPoolExecutor(self.processes, initializer=_enter, initargs=(self._values,))
            stack.callback(self._pool.shutdown, cancel_futures=True)
            stack.enter_context(ended_on_error())
            with deferred():  # a process that is half started is killed by nobody
                starting = self._pool.submit(os.getpid)
            starting.result()  # the processes start before a progress bar has a thread
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Any, Any]]:
        """In the order of the tasks, all of which are handed out at once.

        Raises
        ------
        EngramError
            If a process was ended from outside.
        """
        assert self._pool is not None
        futures = []
        try:
            for task in tasks:
                futures.append((task.key, self._pool.submit(_call, task.function, task.arguments)))
            for key, future in futures:
                yield key, future.result()
        except BrokenProcessPool:
            raise EngramError(
                "the processes that compute must not be ended from outside, one was; "
                "if memory ran out, use fewer --jobs"
            ) from None
        finally:
            for _, future in futures:
                future.cancel()


def default_jobs() -> int:
    """Cores of this machine."""
    return os.cpu_count() or 1


def one_thread() -> threadpool_limits:
    """One thread for matrix products: those of a step are small, and other cores have their own tasks."""
    return threadpool_limits(1, user_api="blas")


_values: list[Any]
"""Values that a process of the farm holds for its tasks."""


def _enter(values: list[Any]) -> None:
    global _values
    _values = values
    one_thread()
    tie_to_parent()


def _call(function: Any, arguments: tuple[Any, ...]) -> Any:
    return function(*(_values[one.number] if isinstance(one, _Held) else one for one in arguments))
