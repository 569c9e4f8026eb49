"""Work that goes on in a thread beside the rest, and never longer than the block that it is for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from sw.system.programs import running_of

__all__ = ["Work", "beside"]

T = TypeVar("T")

LOOK_S = 0.05


class Work(Generic[T]):
    """A call in a thread of its own."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="beside")
        self._thread.start()

    def result(self) -> T:
        """What the call gives, or raises, as soon as it has ended."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result

    def abandon(self) -> None:
        """End the programs that the call waits for, until it has ended, and drop what it gives."""
        asked = set()
        while self._thread.is_alive():
            for program in running_of(self._thread.ident or 0):
                if program.pid not in asked:
                    asked.add(program.pid)
                    program.terminate()
            self._thread.join(LOOK_S)

    def _run(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:
            self._error = error


@contextmanager
def beside(function: Callable[[], T]) -> Iterator[Work[T]]:
    """Call `function` while the block goes on; at its end the call has ended.

    Signals and Ctrl-C come to the first thread alone. So where the block is left by an exception, the
    programs that the call has started are ended, and it with them. Where it is left in order, the call is
    waited for, and its exception comes there, if the block has not asked for the result.
    """
    work = Work(function)
    try:
        yield work
    except BaseException:
        work.abandon()
        raise
    work.result()
