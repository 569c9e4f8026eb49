"""Sample-and-hold of the match lines: a pass that ends while currents are still to be converted waits.

However slowly the ADCs take the currents, none is overwritten before it left, and the sums of the pass behind
stay as they are. The second proof runs the whole block: every current equals the sum of the devices that the
levels picked.
"""

from amaranth.hdl import Array, Assert, Assume, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, stream
from amaranth.lib.wiring import Component, In, Out, connect, flipped

from formal.proof import Proof
from formal.specification import Inside, keeps_its_offers, without_reset
from hw.array.match_lines import MatchLines, pipeline_stages
from hw.geometry import ArrayGeometry
from hw.payloads import current_layout, level_word_layout
from sw.design import DesignPoint

__all__ = ["ODD", "PROOFS", "CurrentSpec", "HoldSpec"]

ODD = DesignPoint(
    name="odd", height=1, width=5, classes=3, rows=3, row_lanes=2, col_lanes=2, cell_bits=1, cols_per_adc=2
)
"""Tiles of 2 words and 1 word, groups of 2 match lines and 1: a pass may be shorter than its conversions."""


class _MatchLinesSpec(Component):
    """Match lines with free inputs: tiles, levels, codes and the ADCs come whenever they like."""

    def __init__(self, design: DesignPoint = ODD, block: type[MatchLines] = MatchLines):
        self._design = design
        self._block = block(design)
        self._cells = design.col_lanes * design.row_lanes * 2
        super().__init__(
            {
                "tile_ready": In(1),
                "word": In(level_word_layout(design)),
                "codes": In(data.ArrayLayout(unsigned(design.cell_bits), self._cells)),
                "o": Out(stream.Signature(current_layout(design))),
            }
        )

    def _connected(self) -> tuple[Module, Inside]:
        m = Module()
        without_reset(m)
        block = self._block
        inside = Inside(block)
        m.submodules.block = inside.fragment
        connect(m, block.o, flipped(self.o))
        m.d.comb += [
            block.tile_ready.eq(self.tile_ready),
            Value.cast(block.word).eq(Value.cast(self.word)),
            Value.cast(block.codes).eq(Value.cast(self.codes)),
        ]
        keeps_its_offers(m, block.o, "o")
        return m, inside

    def _in_order(self, m: Module, taken: Value) -> tuple[Signal, Signal]:
        """Assert the order of match lines and tiles on the output; give the line and its lane."""
        design, block = self._design, self._block
        line, tile = Signal(range(design.templates)), Signal(range(design.row_tiles))
        lane = Array(number % design.col_lanes for number in range(design.templates))[line]
        with m.If(taken):
            m.d.sync += line.eq(Mux(line == design.templates - 1, 0, line + 1))
            with m.If(line == design.templates - 1):
                m.d.sync += tile.eq(Mux(tile == design.row_tiles - 1, 0, tile + 1))
        m.d.comb += [
            Assert(line < design.templates),
            Assert(tile < design.row_tiles),
            Assert(block.o.payload.match_line == line),
            Assert(block.o.payload.row_tile == tile),
        ]
        return line, lane


class HoldSpec(_MatchLinesSpec):
    """A copy of every sampled group; speaks of the block's own registers."""

    def elaborate(self, platform):
        """Count what still has to leave."""
        m, inside = self._connected()
        design, block = self._design, self._block
        lanes = range(design.col_lanes)
        taken = block.o.valid & block.o.ready
        line, lane = self._in_order(m, taken)
        capture = inside["capture"]
        totals = [inside[f"total_{number}"] for number in lanes]
        held = [inside[f"held_{number}"] for number in lanes]
        layout = data.StructLayout({"valid": 1, "first": 1, "last": 1})
        stages = [layout(inside[f"stage_{number}"]) for number in range(pipeline_stages(design))]
        m.d.comb += [Assert(stage.valid | ~stage.last) for stage in stages]
        flags = stages[-1]
        pass_ends = flags.valid & flags.last

        # What was sampled, and how many of its currents are still to leave.
        sampled = [Signal.like(total, name=f"sampled_{number}") for number, total in enumerate(totals)]
        left = Signal(range(design.col_lanes + 1))
        after = Signal(range(design.templates))
        lines_of_group = Array(
            min(design.col_lanes, design.templates - number) for number in range(design.templates)
        )
        m.d.comb += after.eq(Mux(taken, Mux(line == design.templates - 1, 0, line + 1), line))
        with m.If(capture):
            m.d.sync += left.eq(lines_of_group[after])
            m.d.sync += [copy.eq(total) for copy, total in zip(sampled, totals, strict=True)]
        with m.Elif(taken):
            m.d.sync += left.eq(left - 1)
        m.d.comb += [
            # No current is overwritten before it left; a free sample-and-hold takes a pass at once.
            Assert(~capture | (left == 0) | ((left == 1) & taken)),
            Assert(~pass_ends | (left != 0) | capture),
            Assert(~capture | pass_ends),
            Assert(block.o.valid == (left != 0)),
            Assert((left == 0) | (block.o.payload.current == Array(sampled)[lane])),
        ]

        # A pass that has to wait waits whole: nothing moves, nothing enters, its sums stay.
        waits = Signal()
        sums = [Signal.like(total, name=f"sum_{number}") for number, total in enumerate(totals)]
        m.d.comb += [
            Assert(inside["advance"] == (~pass_ends | capture)),
            Assert(~block.step | inside["advance"]),
        ]
        m.d.sync += waits.eq(pass_ends & ~capture)
        m.d.sync += [kept.eq(total) for kept, total in zip(sums, totals, strict=True)]
        with m.If(waits):
            m.d.comb += Assert(pass_ends)
            m.d.comb += [Assert(kept == total) for kept, total in zip(sums, totals, strict=True)]

        # How the block's registers belong to what was sampled.
        m.d.comb += [
            Assert(left <= lines_of_group[line - lane]),
            Assert((left == 0) | (left + lane == lines_of_group[line - lane])),
            Assert((left != 0) | (lane == 0)),
            Assert(inside["o_lane"] == lane),
            Assert(inside["ends_hold"] == ((line == design.templates - 1) | (lane == design.col_lanes - 1))),
        ]
        for number in lanes:
            for place, copy in enumerate(sampled[number:]):
                with m.If((left != 0) & (lane == number)):
                    m.d.comb += Assert(held[place] == copy)
        return m


class CurrentSpec(_MatchLinesSpec):
    """Sums of its own beside the block, from the steps it asks for to the currents that leave.

    Assumes what memories give: levels and codes stay until the cycle after the next step.
    """

    def elaborate(self, platform):
        """Add up, queue, compare."""
        m, _ = self._connected()
        design, block = self._design, self._block
        lanes, rows = range(design.col_lanes), range(design.row_lanes)
        taken = block.o.valid & block.o.ready
        line, lane = self._in_order(m, taken)
        self._stays_between_steps(m)

        # Word, group and tile of the next step, by the layout's definition.
        geometry = ArrayGeometry(design)
        words_in_tile = geometry.words_in_tile
        steps = [
            (word == 0, word == words - 1, group == geometry.groups - 1)
            for words in words_in_tile
            for group in range(geometry.groups)
            for word in range(words)
        ]
        position = Signal(range(len(steps)))
        first, last, release = (Array(int(step[place]) for step in steps)[position] for place in range(3))
        with m.If(block.step):
            m.d.sync += position.eq(Mux(position == len(steps) - 1, 0, position + 1))
            m.d.comb += [Assert(block.rewind == last), Assert(~last | (block.release == release))]
            m.d.comb += Assert(self.tile_ready)

        # The cycle after a step its levels and codes are there.
        stepped, was_first, was_last = Signal(), Signal(), Signal()
        m.d.sync += [stepped.eq(block.step), was_first.eq(first), was_last.eq(last)]
        bits = design.max_current.bit_length()
        sums = [Signal(bits, name=f"sum_{number}") for number in lanes]
        totals = [Signal(bits, name=f"expected_{number}") for number in lanes]
        for number in lanes:
            picked = []
            for row in rows:
                cell = (number * design.row_lanes + row) * 2
                picked.append(Mux(self.word[row], self.codes[cell + 1], self.codes[cell]))
            m.d.comb += totals[number].eq(Mux(was_first, 0, sums[number]) + sum(picked))
            with m.If(stepped):
                m.d.sync += sums[number].eq(totals[number])

        # Passes on their way: one per stage of the pipeline, one being added up, one in the sample-and-hold.
        places = pipeline_stages(design) + 2
        queue = [[Signal(bits, name=f"pass_{place}_{number}") for number in lanes] for place in range(places)]
        count = Signal(range(places + 1))
        pushed, popped = Signal(), Signal()
        ends_group = Array(
            int(number % design.col_lanes == design.col_lanes - 1 or number == design.templates - 1)
            for number in range(design.templates)
        )[line]
        m.d.comb += [pushed.eq(stepped & was_last), popped.eq(taken & ends_group)]
        m.d.sync += count.eq(count + pushed - popped)
        with m.If(popped):
            for before, after in zip(queue[1:], queue, strict=False):
                m.d.sync += [entry.eq(value) for entry, value in zip(after, before, strict=True)]
        for place, entries in enumerate(queue):
            with m.If(pushed & (count - popped == place)):
                m.d.sync += [entry.eq(total) for entry, total in zip(entries, totals, strict=True)]
        m.d.comb += Assert(~pushed | (count < places) | popped)
        with m.If(block.o.valid):
            m.d.comb += [Assert(count > 0), Assert(block.o.payload.current == Array(queue[0])[lane])]

        # With an empty sample-and-hold a finished pass is never late.
        waited = Signal(range(places + 2))
        m.d.sync += waited.eq(Mux((count > 0) & ~block.o.valid & (waited <= places), waited + 1, 0))
        m.d.comb += Assert(waited <= pipeline_stages(design))
        return m

    def _stays_between_steps(self, m: Module) -> None:
        may_change = Signal(init=1)
        now = Signal(len(Value.cast(self.word)) + len(Value.cast(self.codes)))
        before = Signal.like(now)
        m.d.comb += now.eq(Value.cast(self.word) | (Value.cast(self.codes) << len(Value.cast(self.word))))
        m.d.sync += [may_change.eq(self._block.step), before.eq(now)]
        m.d.comb += Assume(may_change | (now == before))


PROOFS = (
    Proof(
        "sample-and-hold",
        "no current is overwritten before it left, and a pass that ends too early waits whole",
        "unbounded",
        3,
        HoldSpec,
    ),
    Proof(
        "match-lines",
        "every current is the sum of the devices its pass picked, in order, none lost",
        "bounded",
        16,
        CurrentSpec,
    ),
)
