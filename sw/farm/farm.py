"""Farm: what computes tasks, and this process as the smallest one.

A result does not depend on who computes it, nor on the order. What many tasks need is *held* once by every
process that computes some of them.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from sw.progress import Done

__all__ = ["HERE", "Farm", "Here", "Task", "in_order"]


class Task(NamedTuple):
    """One call.

    Attributes
    ----------
    key
        What the caller knows it by.
    function, arguments
        A function of a module, and what it takes; what was held stands for its value.
    """

    key: Any
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Farm(Protocol):
    """Computes tasks, in this process or in others."""

    @property
    def processes(self) -> int:
        """How many tasks it computes at a time."""

    def hold(self, value: Any) -> Any:
        """Something that stands for `value` among the arguments of tasks."""

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Any, Any]]:
        """Key and result of every task, in any order; raises what a task raises."""


class Here:
    """This process."""

    processes = 1

    def hold(self, value: Any) -> Any:
        """The value."""
        return value

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Any, Any]]:
        """One after the other."""
        return ((task.key, task.function(*task.arguments)) for task in tasks)


HERE = Here()
"""For callers that were given no farm."""


def in_order(
    farm: Farm,
    function: Callable[..., Any],
    items: Iterable[Any],
    *common: Any,
    done: Done = lambda more: None,
) -> list[Any]:
    """Results of ``function(*common, item)``, in the order of the items.

    Parameters
    ----------
    farm
        Who computes them.
    function
        Of a module, so that other processes find it.
    items
        What each call is about.
    common
        What all calls have in common; hold what is large.
    done
        Hears after each result how many more items are done: 1.
    """
    results = {}
    for number, result in farm.run(
        Task(number, function, (*common, item)) for number, item in enumerate(items)
    ):
        results[number] = result
        done(1)
    return [results[number] for number in range(len(results))]
