"""Match lines: adds up the driven devices of each match line, `row_lanes` x `col_lanes` cells per cycle."""

from itertools import pairwise

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.arith import AdderTree
from hw.geometry import ArrayGeometry
from hw.payloads import current_layout, index_bits, level_word_layout
from sw.design import DesignPoint

__all__ = ["MatchLines", "pipeline_stages"]


def pipeline_stages(design: DesignPoint) -> int:
    """Registers between a step and the accumulators: memory, pick, adder tree."""
    return 2 + AdderTree.latency(design.row_lanes)


class MatchLines(wiring.Component):
    """Sequencer, adders and sample-and-hold of the behavioural array.

    For every row tile it passes over the tile's words once per group of match lines. A pass takes one cycle
    per word. Its sums then move to the sample-and-hold, from where they leave one per cycle while the next
    pass is already running; a pass that ends while the sample-and-hold is still full waits.

    ::

        address -> memories -> picked devices -> adder tree -> accumulators -> sample-and-hold -> o

    Latency: :func:`pipeline_stages` + 1 cycles from the last word of a pass to its first current. Throughput:
    one pass per ``max(words of the tile, match lines of the group)`` cycles. Under back-pressure on `o`
    nothing is lost: the sample-and-hold keeps its currents and the pass behind it waits.

    Window cells conduct one of two codes, so of these the cells that match are counted: one bit each on the
    way to the sample-and-hold, behind which a count becomes a current.

    Parameters
    ----------
    design
        Gives all sizes.

    Members
    -------
    tile_ready, step, rewind, release, word
        The word-line driver's read side, see :class:`hw.array.word_lines.WordLineDriver`.
    codes
        Entry of the code memory that was stepped to, one cycle after `step`. Entries are consumed in order.
    o
        Currents, match line after match line, tile after tile.
    idle
        No pass is running and the sample-and-hold is empty.
    """

    def __init__(self, design: DesignPoint):
        self._design = design
        self._geometry = ArrayGeometry(design)
        super().__init__(
            {
                "tile_ready": In(1),
                "step": Out(1),
                "rewind": Out(1),
                "release": Out(1),
                "word": In(level_word_layout(design)),
                "codes": In(data.ArrayLayout(unsigned(design.cell_bits), self._cells)),
                "o": Out(stream.Signature(current_layout(design))),
                "idle": Out(1),
            }
        )

    @property
    def _cells(self) -> int:
        return self._design.col_lanes * self._design.row_lanes * 2

    def elaborate(self, platform):
        """One enable moves the whole pipeline; only a full sample-and-hold stops it."""
        m = Module()
        design = self._design
        lanes = range(design.col_lanes)
        advance = Signal()

        # Address stage: which word of which pass.
        words_in_tile = self._geometry.words_in_tile
        tile = Signal(range(len(words_in_tile)))
        group = Signal(range(self._geometry.groups))
        word = Signal(range(words_in_tile[0]))
        last_word = Signal(range(words_in_tile[0]))
        last_tile = Signal()  # the only one that may be shorter
        m.d.comb += [
            last_tile.eq(tile == len(words_in_tile) - 1),
            last_word.eq(Mux(last_tile, words_in_tile[-1] - 1, words_in_tile[0] - 1)),
            self.step.eq(self.tile_ready & advance),
            self.rewind.eq(word == last_word),
            self.release.eq(group == self._geometry.groups - 1),
        ]
        with m.If(self.step):
            m.d.sync += word.eq(word + 1)
            with m.If(self.rewind):
                m.d.sync += [word.eq(0), group.eq(group + 1)]
                with m.If(self.release):
                    m.d.sync += [group.eq(0), tile.eq(Mux(last_tile, 0, tile + 1))]

        # Flags travel with the data: memory stage, pick stage, stages of the adder tree. `last` only comes
        # with `valid`, so that it decides alone whether the pipeline may have to stop.
        flags = data.StructLayout({"valid": 1, "first": 1, "last": 1})
        stages = [Signal(flags, name=f"stage_{number}") for number in range(pipeline_stages(design))]
        at_end = stages[-1]
        with m.If(advance):
            m.d.sync += stages[0].eq(Cat(self.tile_ready, word == 0, self.tile_ready & self.rewind))
            for before, after in pairwise(stages):
                m.d.sync += after.eq(before)

        # Pick stage: the level picks one device of each pair, or matches its window. Then one partial sum per
        # match line.
        sums = []
        term_bits = design.cell_bits if design.cell == "binary" else 1
        for lane in lanes:
            picked = [Signal(term_bits, name=f"code_{lane}_{row}") for row in range(design.row_lanes)]
            for row, code in enumerate(picked):
                cell = (lane * design.row_lanes + row) * 2
                with m.If(advance):
                    m.d.sync += code.eq(self._term(self.word[row], self.codes[cell], self.codes[cell + 1]))
            sums.append(AdderTree(m, advance, picked, f"sum_{lane}").output)

        # Accumulate stage and sample-and-hold.
        largest = design.max_current if design.cell == "binary" else design.rows_in_tile(0)
        current_bits = largest.bit_length()
        accumulators = [Signal(current_bits, name=f"accumulator_{lane}") for lane in lanes]
        held = [Signal(current_bits, name=f"held_{lane}") for lane in lanes]
        hold_full = Signal()
        leaving_last = Signal()
        capture = Signal()
        m.d.comb += [
            capture.eq(at_end.last & (~hold_full | leaving_last)),
            advance.eq(~at_end.last | capture),
        ]
        # Sums move up, so that the current always leaves from the first lane and none has to be picked.
        with m.If(self.o.valid & self.o.ready):
            for lane in lanes[:-1]:
                m.d.sync += held[lane].eq(held[lane + 1])
        with m.If(leaving_last):
            m.d.sync += hold_full.eq(0)
        with m.If(capture):
            m.d.sync += hold_full.eq(1)
        for lane in lanes:
            # The first word of a pass replaces the old sum, so no cycle is spent on clearing it.
            total = Signal(current_bits, name=f"total_{lane}")
            m.d.comb += total.eq(Mux(at_end.first, 0, accumulators[lane]) + sums[lane])
            with m.If(at_end.valid & advance):
                m.d.sync += accumulators[lane].eq(total)
            with m.If(capture):
                m.d.sync += held[lane].eq(total)

        # Currents leave in the order of match lines; the lanes behind the last match line are dropped.
        o_tile = Signal(range(design.row_tiles))
        o_line = Signal(index_bits(design.templates))
        o_lane = Signal(range(design.col_lanes))
        next_line, next_lane = Signal.like(o_line), Signal.like(o_lane)
        last_line = Signal()
        # Found out before the current is there, because the whole pipeline may have to stop for it.
        ends_hold = Signal(init=_ends_hold(design, 0, 0))
        m.d.comb += [
            last_line.eq(o_line == design.templates - 1),
            next_line.eq(Mux(last_line, 0, o_line + 1)),
            next_lane.eq(Mux(ends_hold, 0, o_lane + 1)),
            leaving_last.eq(self.o.valid & self.o.ready & ends_hold),
            self.o.valid.eq(hold_full),
            self.o.payload.row_tile.eq(o_tile),
            self.o.payload.match_line.eq(o_line),
            self.o.payload.current.eq(self._current(held[0], o_tile)),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [
                o_line.eq(next_line),
                o_lane.eq(next_lane),
                ends_hold.eq(_ends_hold(design, next_line, next_lane)),
            ]
            with m.If(last_line):
                m.d.sync += o_tile.eq(Mux(o_tile == design.row_tiles - 1, 0, o_tile + 1))

        inside = Cat(stage.valid for stage in stages).any() | hold_full
        m.d.comb += self.idle.eq(~inside & (word == 0) & (group == 0))
        return m

    def _term(self, level: Value, first: Value, second: Value) -> Value:
        """Term of a cell with these codes: the code of the driven device, or 1 when the level matches.

        The position of a level is its bits, then a 1, then zeros, as far as a code has bits: the middle of
        the codes that share these first bits, as :mod:`sw.reference.array` wants it, without an adder.
        """
        design = self._design
        if design.cell == "binary":
            return Mux(level, second, first)
        below = design.cell_bits - design.level_bits
        position = Cat(Const(1 << below >> 1, below), level)
        return (first <= position) & (position <= second)

    def _current(self, held: Value, tile: Value) -> Value:
        """Current of a held sum, or of a held number of matching cells."""
        design = self._design
        if design.cell == "binary":
            return held
        mismatching = Array(
            design.rows_in_tile(number) * design.mismatch_code for number in range(design.row_tiles)
        )
        return held * (design.match_code - design.mismatch_code) + mismatching[tile]


def _ends_hold(design: DesignPoint, line, lane):
    """Whether a current is the last one of its group: of all match lines, or of the lanes of a group."""
    return (line == design.templates - 1) | (lane == design.col_lanes - 1)
