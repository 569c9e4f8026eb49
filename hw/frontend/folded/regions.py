"""Regions: where the maps between layers lie in one memory, none over another that is still needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

__all__ = ["Regions"]


@dataclass(frozen=True)
class Regions:
    """Places of maps, in words.

    Parameters
    ----------
    starts
        Address of the first word of every map.
    depth
        Words of the memory.
    """

    starts: tuple[int, ...]
    depth: int

    @classmethod
    def of(cls, words: Sequence[int], last_takers: Sequence[int]) -> Self:
        """Regions for maps of so many words.

        A map is written by the layer of its own number, and needed up to the last layer that takes it, so two
        maps of which one is written before the other is needed no longer lie apart.

        Parameters
        ----------
        words
            Of the map of every layer but the last.
        last_takers
            For each of them the number of the last layer that takes it.
        """
        if all(taker == number + 1 for number, taker in enumerate(last_takers)):
            return cls._of_neighbours(words)
        orders = [range(len(words)), sorted(range(len(words)), key=lambda number: -words[number])]
        return min((cls._in_order(order, words, last_takers) for order in orders), key=lambda one: one.depth)

    @classmethod
    def _of_neighbours(cls, words: Sequence[int]) -> Self:
        """Of a chain: the first, third, ... map start at address 0, the others end at the last address, so
        that two neighbours always have room, and no memory could do with less."""
        depth = max([*words, *(left + right for left, right in pairwise(words))], default=0)
        starts = (0 if number % 2 == 0 else depth - count for number, count in enumerate(words))
        return cls(tuple(starts), depth)

    @classmethod
    def _in_order(cls, order: Sequence[int], words: Sequence[int], last_takers: Sequence[int]) -> Self:
        """Each map as low as the ones before it in the order allow."""
        starts: dict[int, int] = {}
        for number in order:
            start = 0
            others = [
                other for other in starts if number <= last_takers[other] and other <= last_takers[number]
            ]
            for other in sorted(others, key=starts.__getitem__):
                if start + words[number] <= starts[other]:
                    break
                start = max(start, starts[other] + words[other])
            starts[number] = start
        depth = max(start + words[number] for number, start in starts.items())
        return cls(tuple(starts[number] for number in range(len(words))), depth)
