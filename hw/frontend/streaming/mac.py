"""Reductions of a window: multiply-accumulate for layers with weights, maximum for max-pools."""

from itertools import pairwise
from typing import Protocol

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hw.arith import AdderTree
from hw.frontend.schedule import Parallelism

__all__ = ["LOGIC_WEIGHT_BITS", "MacArray", "MaxArray", "ReductionSizes"]

LOGIC_WEIGHT_BITS = 4
"""Weights up to this width multiply in logic: multipliers are few, far away, slower than a few adders."""


class ReductionSizes(Protocol):
    """Sizes that a reduction needs: those of a layer's schedule, or of an engine for many layers."""

    @property
    def parallelism(self) -> Parallelism:
        """Lanes and taps."""

    @property
    def weight_bits(self) -> int:
        """Bits of a weight."""

    @property
    def accumulator_bits(self) -> int:
        """Bits of a signed accumulator."""


class MacArray(wiring.Component):
    """`taps` x `input_lanes` x `output_lanes` products per cycle, added up per output lane over a group.

    The sums of a finished group are held until the consumer is done with them, while the next group is being
    added up; a group that ends while the last one is still held stops the window.

    Latency: the products' register, the adder tree, the accumulator. Throughput: one step per cycle.

    Parameters
    ----------
    schedule
        Sizes and the range of the accumulators.
    word
        Layout of the `input_lanes` values of a word.

    Members
    -------
    advance, valid, data, weights, ends_group
        The window's output side, see :class:`hw.frontend.streaming.window.Window`.
    held_valid
        `held` is the result of a group.
    held
        One sum per output lane.
    held_next
        The consumer needs the first `searchers` sums no longer: the others move to the front. So it need not
        pick, which takes more of a cycle.
    held_done
        The consumer needs `held` no longer; only while `held_valid`.
    """

    def __init__(self, schedule: ReductionSizes, word: data.Layout):
        self._schedule = schedule
        lanes = schedule.parallelism
        self.shape = signed(schedule.accumulator_bits)
        products = lanes.input_lanes * lanes.output_lanes
        super().__init__(
            {
                "advance": Out(1),
                "valid": In(1),
                "data": In(data.ArrayLayout(word, lanes.taps)),
                "weights": In(
                    data.ArrayLayout(data.ArrayLayout(signed(schedule.weight_bits), products), lanes.taps)
                ),
                "ends_group": In(1),
                "held_valid": Out(1),
                "held": Out(data.ArrayLayout(self.shape, lanes.output_lanes)),
                "held_next": In(1),
                "held_done": In(1),
            }
        )

    def elaborate(self, platform):
        """Products, adder trees, accumulators, held sums."""
        m = Module()
        schedule, lanes = self._schedule, self._schedule.parallelism
        advance = self.advance
        terms = lanes.taps * lanes.input_lanes

        flags = data.StructLayout({"valid": 1, "last": 1})
        stages = [Signal(flags, name=f"stage_{n}") for n in range(1 + AdderTree.latency(terms))]
        at_end = stages[-1]
        with m.If(advance):
            # `last` only comes with `valid`: it decides alone whether the pipeline may have to stop.
            m.d.sync += stages[0].eq(Cat(self.valid, self.valid & self.ends_group))
            for before, after in pairwise(stages):
                m.d.sync += after.eq(before)

        capture = Signal()
        first = Signal(init=1)
        m.d.comb += [
            capture.eq(at_end.last & (~self.held_valid | self.held_done)),
            advance.eq(~at_end.last | capture),
        ]
        with m.If(self.held_done):
            m.d.sync += self.held_valid.eq(0)
        with m.If(capture):
            m.d.sync += self.held_valid.eq(1)
        with m.If(advance & at_end.valid):
            m.d.sync += first.eq(at_end.last)

        with m.If(self.held_next):
            for lane in range(lanes.output_lanes - lanes.searchers):
                m.d.sync += self.held[lane].eq(self.held[lane + lanes.searchers])
        for lane in range(lanes.output_lanes):
            products = []
            for tap in range(lanes.taps):
                for place in range(lanes.input_lanes):
                    weight = self.weights[tap][lane * lanes.input_lanes + place]
                    product = _product(m, self.data[tap][place], weight, schedule.weight_bits)
                    register = Signal(product.shape(), name=f"product_{lane}_{tap}_{place}")
                    with m.If(advance):
                        m.d.sync += register.eq(product)
                    products.append(register)
            partial = AdderTree(m, advance, products, f"sum_{lane}").output
            accumulator = Signal(self.shape, name=f"accumulator_{lane}")
            total = Signal(self.shape, name=f"total_{lane}")
            m.d.comb += total.eq(Mux(first, 0, accumulator) + partial)
            with m.If(advance & at_end.valid):
                m.d.sync += accumulator.eq(total)
            with m.If(capture):
                m.d.sync += self.held[lane].eq(total)
        return m


class MaxArray(wiring.Component):
    """Largest value per lane over a group of steps; members as :class:`MacArray`, without weights.

    Latency: 1 cycle. Throughput: one step of one word per cycle while the last maxima are taken in time.

    Parameters
    ----------
    word
        Layout of the values of a word.
    """

    def __init__(self, word: data.ArrayLayout):
        self.shape = word.elem_shape
        super().__init__(
            {
                "advance": Out(1),
                "valid": In(1),
                "data": In(data.ArrayLayout(word, 1)),
                "ends_group": In(1),
                "held_valid": Out(1),
                "held": Out(word),
                "held_done": In(1),
            }
        )

    def elaborate(self, platform):
        """Running maximum and held maxima."""
        m = Module()
        capture = Signal()
        first = Signal(init=1)
        m.d.comb += [
            capture.eq(self.valid & self.ends_group & (~self.held_valid | self.held_done)),
            self.advance.eq(~(self.valid & self.ends_group) | capture),
        ]
        with m.If(self.held_done):
            m.d.sync += self.held_valid.eq(0)
        with m.If(capture):
            m.d.sync += self.held_valid.eq(1)
        with m.If(self.advance & self.valid):
            m.d.sync += first.eq(self.ends_group)
        for lane in range(len(self.held)):
            largest = Signal(self.shape, name=f"largest_{lane}")
            value = Signal(self.shape, name=f"value_{lane}")
            larger = Signal(self.shape, name=f"larger_{lane}")
            m.d.comb += [
                value.eq(self.data[0][lane]),
                larger.eq(Mux(first | (value > largest), value, largest)),
            ]
            with m.If(self.advance & self.valid):
                m.d.sync += largest.eq(larger)
            with m.If(capture):
                m.d.sync += self.held[lane].eq(larger)
        return m


def _product(m: Module, value, weight, weight_bits: int):
    """``value * weight``, in logic where the weight is narrow.

    A ternary weight picks the value, its negation or 0: its low bit is set unless it is 0, its high bit where
    it is negative. Each bit of a weight of up to LOGIC_WEIGHT_BITS picks the value at its own place; what the
    highest bit picks is subtracted, because that bit of a two's complement number counts negatively.
    """
    if weight_bits > LOGIC_WEIGHT_BITS:
        return value * weight
    if weight_bits == 2:
        negated = -value
        chosen = Signal(negated.shape())
        with m.If(weight[0]):
            m.d.comb += chosen.eq(Mux(weight[1], negated, value))
        return chosen
    picked = [Mux(bit, value, 0) << place for place, bit in enumerate(weight)]
    product = Signal(signed(len(value) + weight_bits))
    m.d.comb += product.eq(sum(picked[1:-1], picked[0]) - picked[-1])
    return product
