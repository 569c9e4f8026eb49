"""Stream blocks keep the order and lose nothing, whatever stalls at either end."""

import numpy as np
from amaranth.hdl import Array, Assert, Assume, Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, stream
from amaranth.lib.wiring import Component, In, Out, connect, flipped

from formal.proof import Proof
from formal.specification import Inside, keeps_its_offers, without_reset
from hw.frontend.streaming.activation import Serialiser
from hw.frontend.streaming.regroup import Regroup
from hw.geometry import ArrayGeometry
from hw.payloads import level_word_layout
from hw.quantiser.word_packer import WordPacker
from hw.skid_buffer import SkidBuffer
from sw.design import DesignPoint

__all__ = ["PROOFS", "RegroupSpec", "SerialiserSpec", "SkidSpec", "WordPackerSpec"]

TILES = DesignPoint(name="tiles", height=1, width=11, classes=2, rows=5, row_lanes=2)
"""Row tiles of 5, 5 and 1 rows; words with an empty lane at the end of every tile."""
PAIRS = DesignPoint(name="pairs", height=1, width=14, classes=2, rows=6, row_lanes=4)
"""Row tiles of 6, 6 and 2 rows; words with two empty lanes at the end of every tile."""


class OwedWord:
    """The one word that a block with an output register owes its consumer.

    Asserts that the word is offered in the cycle after it is finished, that it is the expected one, that it
    is not replaced before it is taken, and that input is taken whenever the consumer is ready.
    """

    def __init__(self, m: Module, block: Component, finished: Value, word: Value):
        owed = Signal()
        expected = Signal(len(word))
        with m.If(block.o.ready):
            m.d.sync += owed.eq(0)
        with m.If(finished):
            m.d.sync += [owed.eq(1), expected.eq(word)]
            m.d.comb += Assert(~owed | block.o.ready)
        m.d.comb += Assert(block.o.valid == owed)
        with m.If(owed):
            m.d.comb += Assert(Value.cast(block.o.payload) == expected)
        with m.If(block.o.ready):
            m.d.comb += Assert(block.i.ready)
        keeps_its_offers(m, block.o, "o")


class WordPackerSpec(Component):
    """Words come in the layout of :meth:`hw.geometry.ArrayGeometry.pack_levels`."""

    def __init__(self, design: DesignPoint = TILES, at_once: int = 1, block: type[WordPacker] = WordPacker):
        self._design = design
        self._at_once = at_once
        self._block = block(design, at_once)
        super().__init__(
            {
                "i": In(stream.Signature(data.ArrayLayout(1, at_once))),
                "o": Out(stream.Signature(level_word_layout(design))),
            }
        )

    def elaborate(self, platform):
        """Collect a word beside the block."""
        m = Module()
        without_reset(m)
        design, block, at_once = self._design, self._block, self._at_once
        inside = Inside(block)
        m.submodules.block = inside.fragment
        connect(m, flipped(self.i), block.i)
        connect(m, block.o, flipped(self.o))

        lane_of, ends_word = _layout(design)
        places = design.features // at_once
        position = Signal(range(places))
        collected, filled = Signal(design.row_lanes), Signal(design.row_lanes)
        taken, ends = Signal(), Signal()
        lane = Array(lane_of[::at_once])[position]
        row = Array(feature % design.rows // at_once for feature in range(0, design.features, at_once))[
            position
        ]
        m.d.comb += [
            taken.eq(block.i.valid & block.i.ready),
            ends.eq(taken & Array(ends_word[at_once - 1 :: at_once])[position]),
            filled.eq(collected | (block.i.payload.as_value() << lane)),
        ]
        with m.If(taken):
            m.d.sync += [
                position.eq(Mux(position == places - 1, 0, position + 1)),
                collected.eq(Mux(ends, 0, filled)),
            ]
        OwedWord(m, block, ends, filled)

        # How the block's registers belong to what went in.
        m.d.comb += [
            Assert(position < places),
            Assert(inside["feature"] == position),
            Assert(inside["row"] == row),
            Assert(inside["lane"] * at_once == lane),
            Assert((lane == 0) | (inside["word"] == collected)),
            Assert((collected >> lane) == 0),
        ]
        return m


def _layout(design: DesignPoint) -> tuple[list[int], list[int]]:
    """Lane of each feature, and whether it ends its word, from the layout's one definition."""
    numbers = np.arange(1, design.features + 1, dtype=np.uint8)
    words = ArrayGeometry(design).pack_levels(numbers[np.newaxis])[0]
    lane_of = [int(np.argwhere(words == number)[0, 1]) for number in numbers]
    last_of_word = {int(word.max()) for word in words}
    return lane_of, [int(number in last_of_word) for number in numbers.tolist()]


class RegroupSpec(Component):
    """Words of a pixel in order, empty places zero, words behind the last channel dropped."""

    def __init__(
        self,
        *,
        items: int,
        item_values: int,
        word_values: int,
        words: int,
        block: type[Regroup] = Regroup,
    ):
        self._items, self._words, self._places = items, words, word_values // item_values
        shape = unsigned(2)
        self._block = block(shape, items=items, item_values=item_values, word_values=word_values, words=words)
        super().__init__(
            {
                "i": In(stream.Signature(data.ArrayLayout(shape, item_values))),
                "o": Out(stream.Signature(data.ArrayLayout(shape, word_values))),
            }
        )

    def elaborate(self, platform):
        """Collect a word beside the block."""
        m = Module()
        without_reset(m)
        block, places = self._block, self._places
        inside = Inside(block)
        m.submodules.block = inside.fragment
        connect(m, flipped(self.i), block.i)
        connect(m, block.o, flipped(self.o))

        value = Value.cast(block.i.payload)
        position = Signal(range(self._items))
        place = Array(item % places for item in range(self._items))[position]
        word = Array(item // places for item in range(self._items))[position]
        ends_word = Array(
            int(item % places == places - 1 or item == self._items - 1) for item in range(self._items)
        )[position]
        collected = Signal(len(value) * places)
        filled = Signal.like(collected)
        taken, ends = Signal(), Signal()
        m.d.comb += [
            taken.eq(block.i.valid & block.i.ready),
            ends.eq(taken & ends_word),
            filled.eq(
                Cat(
                    Mux(place == number, value, collected.word_select(number, len(value)))
                    for number in range(places)
                )
            ),
        ]
        with m.If(taken):
            m.d.sync += [
                position.eq(Mux(position == self._items - 1, 0, position + 1)),
                collected.eq(Mux(ends, 0, filled)),
            ]
        OwedWord(m, block, ends & (word < self._words), filled)

        # How the block's registers belong to what went in.
        m.d.comb += [
            Assert(position < self._items),
            Assert(inside["item"] == position),
            Assert(inside["place"] == place),
            Assert(inside["word"] == word),
        ]
        with m.If(place == 0):
            m.d.comb += Assert(collected == 0)
        with m.Else():
            m.d.comb += Assert(~block.o.valid & (Value.cast(block.o.payload) == collected))
        return m


class SerialiserSpec(Component):
    """Every value of a group leaves once, in order, and only then the group is done.

    Assumes what :class:`hw.frontend.streaming.mac.MacArray` gives: a group stays until it is done.
    """

    def __init__(self, lanes: int, at_once: int, block: type[Serialiser] = Serialiser):
        self._rounds = lanes // at_once
        shape = unsigned(2)
        self._block = block(shape, lanes, at_once)
        super().__init__(
            {
                "held_valid": In(1),
                "held": In(data.ArrayLayout(shape, lanes)),
                "o": Out(stream.Signature(data.ArrayLayout(shape, at_once))),
            }
        )

    def elaborate(self, platform):
        """Count the items of a group beside the block."""
        m = Module()
        without_reset(m)
        block = self._block
        inside = Inside(block)
        m.submodules.block = inside.fragment
        connect(m, block.o, flipped(self.o))
        held = Value.cast(self.held)
        m.d.comb += [block.held_valid.eq(self.held_valid), Value.cast(block.held).eq(held)]

        kept, group = Signal(), Signal(len(held))
        m.d.sync += [kept.eq(self.held_valid & ~block.held_done), group.eq(held)]
        with m.If(kept):
            m.d.comb += Assume(self.held_valid & (held == group))

        done = Signal(range(self._rounds))
        item = Value.cast(block.o.payload)
        taken, last = Signal(), Signal()
        m.d.comb += [
            taken.eq(block.o.valid & block.o.ready),
            last.eq(done == self._rounds - 1),
            Assert(block.o.valid == self.held_valid),
            Assert(block.held_done == (taken & last)),
        ]
        with m.If(taken):
            m.d.sync += done.eq(Mux(last, 0, done + 1))
        with m.If(block.o.valid):
            m.d.comb += Assert(item == held.word_select(done, len(item)))
        keeps_its_offers(m, block.o, "o")
        m.d.comb += [
            Assert(done < self._rounds),
            Assert(inside["round_"] == done),
            Assert(inside["last_round"] == last),
        ]
        with m.If(~kept):
            m.d.comb += Assert(done == 0)
        return m


class SkidSpec(Component):
    """Items pass at once or wait in one place, in order, and readiness does not depend on the consumer."""

    def __init__(self, block: type[SkidBuffer] = SkidBuffer):
        self._block = block(2)
        super().__init__(self._block.signature)

    def elaborate(self, platform):
        """A queue of at most one item beside the block."""
        m = Module()
        without_reset(m)
        block = self._block
        inside = Inside(block)
        m.submodules.block = inside.fragment
        connect(m, flipped(self.i), block.i)
        connect(m, block.o, flipped(self.o))

        queued, item = Signal(), Signal.like(block.i.payload)
        came, left = Signal(), Signal()
        m.d.comb += [
            came.eq(block.i.valid & block.i.ready),
            left.eq(block.o.valid & block.o.ready),
            Assert(block.i.ready == ~queued),
            Assert(block.o.valid == queued | block.i.valid),
            Assert(~block.o.valid | (block.o.payload == Mux(queued, item, block.i.payload))),
        ]
        m.d.sync += queued.eq(queued + came - left)
        with m.If(came):
            m.d.sync += item.eq(block.i.payload)
        keeps_its_offers(m, block.o, "o")
        m.d.comb += Assert(inside["waiting"] == queued)
        with m.If(queued):
            m.d.comb += Assert(inside["place"] == item)
        return m


PROOFS = (
    Proof(
        "word-packer",
        "every word-line value is in its lane of its word, words in order, none lost or repeated",
        "unbounded",
        3,
        WordPackerSpec,
    ),
    Proof(
        "word-packer-pairs",
        "the same where two neighbouring values come at once",
        "unbounded",
        3,
        lambda: WordPackerSpec(PAIRS, 2),
    ),
    Proof(
        "regroup-padded",
        "three items of one value become words of two, the last one filled up with zero",
        "unbounded",
        3,
        lambda: RegroupSpec(items=3, item_values=1, word_values=2, words=2),
    ),
    Proof(
        "regroup-dropped",
        "five items of two values become two words of four, values that belong to no channel are dropped",
        "unbounded",
        3,
        lambda: RegroupSpec(items=5, item_values=2, word_values=4, words=2),
    ),
    Proof(
        "serialiser",
        "four held values leave two by two in order, and the group is done with the last of them",
        "unbounded",
        3,
        lambda: SerialiserSpec(4, 2),
    ),
    Proof(
        "serialiser-at-once",
        "held values that leave together are done when they are taken",
        "unbounded",
        3,
        lambda: SerialiserSpec(2, 2),
    ),
    Proof(
        "skid-buffer",
        "items pass at once or wait in one place, in order, and none is lost, repeated or changed",
        "unbounded",
        3,
        SkidSpec,
    ),
)
