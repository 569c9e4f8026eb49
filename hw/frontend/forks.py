"""Forks: when items pass where a map goes several ways, and where two come together, see :mod:`hw.events`.

A part of a chain asks for its items itself. Where a map goes several ways, one taker at most does; what the
others get is put into their queues as it comes, however late they ask for it. So nobody may ask for an item
before it is needed, but for that one taker, which says with it that it has taken the item before.
"""

from collections.abc import Sequence

from hw.events import Offers

__all__ = ["ForkFlow", "QueueFlow", "paired"]


class QueueFlow:
    """Words of a :class:`hw.frontend.streaming.regroup.Regroup` and a queue behind it.

    Parameters
    ----------
    items, items_per_word, words
        Items per pixel, items of a word, words per pixel.
    depth
        Words of the queue's memory.
    """

    def __init__(self, *, items: int, items_per_word: int, words: int, depth: int):
        self._items, self._items_per_word, self._words, self._depth = items, items_per_word, words, depth
        self._item, self._taken, self._word_taken = 0, -1, -1
        self._written: list[int] = []
        self._read: list[int] = []

    def accept(self, offered: int) -> int:
        """Let the next item in, which is valid from a cycle on; gives the cycle in which it is taken."""
        self._taken = max(offered, self._taken + 1, self._word_taken)
        place = self._item
        self._item = (place + 1) % self._items
        full = not self._item or place % self._items_per_word == self._items_per_word - 1
        if full and place // self._items_per_word < self._words:
            self._word_taken = self._write(self._taken + 1)
        return self._taken

    def _write(self, offered: int) -> int:
        """Cycle in which a word is written that is valid from a cycle on: when one has left a full memory."""
        count = len(self._written)
        written = max(offered, self._written[-1] + 1) if count else offered
        if count >= self._depth:
            # queues are long enough for this word to have been read by now, see :mod:`hw.frontend.paths`
            written = max(written, self._read[count - self._depth] + 1)
        self._written.append(written)
        return written

    def offers(self, fork: "ForkFlow") -> Offers:
        """Words behind the queue, whose items come from a fork."""
        read, taken = -1, -1
        while True:
            while len(self._written) <= len(self._read):
                fork.advance()
            read = max(self._written[len(self._read)] + 1, read + 1, taken)
            self._read.append(read)
            taken = yield read + 1


class ForkFlow:
    """Items of :class:`hw.frontend.streaming.branch.Fork`.

    Parameters
    ----------
    source
        Items.
    queues
        Where they go.
    asks
        Whether one taker more has no queue, and asks for them itself.
    """

    def __init__(self, source: Offers, queues: Sequence[QueueFlow], *, asks: bool):
        self._source, self._queues, self._asks = source, queues, asks
        self._offered: int | None = None

    def advance(self, *taken: int) -> None:
        """The next item for all; `taken` is the cycle in which the taker without a queue takes it."""
        if self._offered is None:
            self._offered = next(self._source)
        assert len(taken) == self._asks, "queues must hold what their taker needs before the other one asks"
        takes = [*taken, *(queue.accept(self._offered) for queue in self._queues)]
        self._offered = self._source.send(max(takes))

    def offers(self) -> Offers:
        """Items for the taker without a queue."""
        if self._offered is None:
            self._offered = next(self._source)
        while True:
            taken = yield self._offered
            self.advance(taken)


def paired(first: Offers, second: Offers, words: int) -> Offers:
    """Words of :class:`hw.frontend.streaming.branch.Pair`, each asked for when it is its turn."""
    last: list[int | None] = [None, None]
    taken = -1
    while True:
        for turn, source in enumerate((first, second)):
            for _ in range(words):
                before = last[turn]
                offered = next(source) if before is None else source.send(before)
                taken = last[turn] = yield max(offered, taken + 1)
