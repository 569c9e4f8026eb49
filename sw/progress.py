"""How work says how far it is, and what else a person should know, without knowing who listens.

Nothing below the commands prints: a command hands in a :class:`Listener`, which shows everything at the
terminal, and tests leave it out. Progress has one word everywhere, ``done(more)``: so many more items are
finished since the last call. A difference and no total, because calls from several processes or stages then
simply add up.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol

__all__ = ["SILENT", "Done", "Listener", "OpenStage", "Say", "Stage", "unseen"]

Done = Callable[[int], None]
"""``done(more)``: so many more items are finished."""
Say = Callable[[str], None]
"""Takes one line for a person."""


class Stage(Protocol):
    """A part of the work that is under way."""

    def done(self, more: int, /) -> None:
        """So many more items are finished."""

    def note(self, text: str, /) -> None:
        """Show this text beside the count from now on."""


class OpenStage(Protocol):
    """Begins a stage, which ends with the ``with`` statement."""

    def __call__(self, name: str, total: int | None, note: str = "") -> AbstractContextManager[Stage]:
        """Name, number of items or None where nobody knows it, and what is to be read beside the count."""


class _Unseen:
    def done(self, more: int, /) -> None:
        pass

    def note(self, text: str, /) -> None:
        pass


@contextmanager
def unseen(name: str, total: int | None, note: str = "") -> Iterator[Stage]:
    """A stage that nobody sees."""
    yield _Unseen()


@dataclass(frozen=True)
class Listener:
    """Who hears of the work; by default nobody.

    Attributes
    ----------
    say, warn
        Take one line. A warning is of the form ``what is wrong: the details``.
    stage
        Begins a stage of the work.
    waiting
        Context in which one thing of unknown length happens, by its name.
    """

    say: Say = lambda text: None
    warn: Say = lambda text: None
    stage: OpenStage = unseen
    waiting: Callable[[str], AbstractContextManager[object]] = lambda name: nullcontext()


SILENT = Listener()
