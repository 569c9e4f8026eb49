"""Pulse response: what a programming pulse does to the state of a device, see :mod:`sw.reference.pulse`."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.array.noise.speck import WORD_BITS, speck_round
from sw.design import DesignPoint
from sw.reference.noise import CONVERSION_ROUNDS, KEY_WORDS
from sw.reference.pulse import BYTES_MEAN, PulseRule

__all__ = ["INDEX_BITS", "PulseResponse"]

INDEX_BITS = 32
"""Of a device's counter."""
FACTOR_BITS = 10
"""Of a factor: the gain, 256 with up to 254 for the device and as much for the pulse, has as many."""


class PulseResponse(wiring.Component):
    """State of a device after a SET or RESET pulse, equal to :func:`sw.reference.pulse.pulsed`.

    One round of the generator and one bit of a product per cycle, all in the same adders: programming is
    rare, and logic is dear.

    Latency: 62 cycles from `start` to `done`. Throughput: one pulse in 63 cycles. There is no back-pressure:
    `after` is valid in the cycle of `done` only.

    Parameters
    ----------
    design
        Gives the width of a state.
    rule
        Of the chip.

    Members
    -------
    start
        Begin, or go on; until `done` it must stay high and the other inputs must not change.
    state, upwards, amplitude, number, index
        The device's state, SET or RESET, amplitude, number of the pulse, counter of the device.
    done, after
        The new state.
    """

    def __init__(self, design: DesignPoint, rule: PulseRule):
        self._top = design.max_code
        self._rule = rule
        super().__init__(
            {
                "start": In(1),
                "state": In(design.cell_bits),
                "upwards": In(1),
                "amplitude": In(8),
                "number": In(8),
                "index": In(INDEX_BITS),
                "done": Out(1),
                "after": Out(design.cell_bits),
            }
        )

    def elaborate(self, platform):
        """Draw, device's gain, draw, pulse's gain, amplitude times distance, that times gain."""
        m = Module()
        top, rule = self._top, self._rule
        quarter = (top + 1) // 4
        largest_product = 255 * (top + quarter)
        largest_gain = 256 + (255 * rule.device_spread >> 8) + (255 * rule.cycle_spread >> 8)
        product_bits = max(9, largest_product.bit_length())

        # Generator: the traits have number 0.
        traits = Signal()
        x, y = Signal(WORD_BITS), Signal(WORD_BITS)
        turn = Signal(range(max(CONVERSION_ROUNDS, FACTOR_BITS)))
        keys = Array(Const(rule.key[turn % KEY_WORDS] ^ turn, WORD_BITS) for turn in range(CONVERSION_ROUNDS))
        # The pulse's number goes into the first of the four key words, whose turn is every fourth round.
        number = Mux(traits | turn[:2].any(), 0, self.number)
        next_x, next_y = speck_round(m, x, y, keys[turn] ^ number, "round")

        # Multiplier: `total` and `factor` together move right, so they end as the product, signed.
        total = Signal(signed(max(16, product_bits) + 1))
        other = Signal(signed(product_bits + 1))
        factor = Signal(FACTOR_BITS)
        added = Signal(signed(len(total) + 1))
        product = Signal(signed(len(total) + FACTOR_BITS))
        m.d.comb += [
            added.eq(total + Mux(factor[0], other, 0)),
            product.eq(Cat(factor, total)),
        ]

        stuck = Signal()
        gain = Signal(signed(FACTOR_BITS + 1))
        share = Signal(signed(FACTOR_BITS))
        distance = Signal(range(top + quarter + 1))
        step = Signal(range(max(2, (largest_product * largest_gain + 2**16 - 1 >> 16) + 1)))
        moved = Signal(signed(len(step) + 2))
        # All bits of the largest state are 1, so its distance from a state is the state inverted.
        m.d.comb += [
            share.eq(product >> 8),
            distance.eq(Mux(self.upwards, ~self.state, self.state) + quarter),
            step.eq(product >> 16),
            moved.eq(Mux(self.upwards, self.state + step, self.state - step)),
            self.after.eq(Mux(moved < 0, 0, Mux(moved > top, top, moved))),
        ]
        with m.If(stuck):
            m.d.comb += self.after.eq(self.state)

        # `start` is added to the product without an adder of its own: it is where the sum begins.
        def multiply(a, b, start, then):
            m.d.sync += [other.eq(a), factor.eq(b), total.eq(start), after_product.eq(then)]
            m.next = "MULTIPLY"

        after_product = Signal(2)
        with m.FSM():
            with m.State("READY"):
                m.d.sync += [traits.eq(1), Cat(y, x).eq(self.index)]
                with m.If(self.start):
                    m.next = "DRAW"
            with m.State("DRAW"):
                m.d.sync += [x.eq(next_x), y.eq(next_y), turn.eq(turn + 1)]
                with m.If(turn == CONVERSION_ROUNDS - 1):
                    m.d.sync += turn.eq(0)
                    m.next = "DRAWN"
            with m.State("DRAWN"):
                centred = y[:8] + y[8:] - BYTES_MEAN
                with m.If(traits):
                    m.d.sync += [stuck.eq(x < rule.p_stuck_hrs + rule.p_stuck_lrs), gain.eq(256)]
                multiply(centred, Mux(traits, rule.device_spread, rule.cycle_spread), 0, ~traits)
            with m.State("MULTIPLY"):
                m.d.sync += [
                    Cat(factor, total).eq(Cat(factor[1:], added)),
                    turn.eq(turn + 1),
                ]
                with m.If(turn == FACTOR_BITS - 1):
                    m.d.sync += turn.eq(0)
                    m.next = "MULTIPLIED"
            with m.State("MULTIPLIED"), m.Switch(after_product):
                with m.Case(0):
                    m.d.sync += [gain.eq(gain + share), traits.eq(0), Cat(y, x).eq(self.index)]
                    m.next = "DRAW"
                with m.Case(1):
                    m.d.sync += gain.eq(gain + share)
                    multiply(distance, self.amplitude, 0, 2)
                with m.Case(2):
                    multiply(product, Mux(gain < 0, 0, gain), x, 3)
                with m.Case(3):
                    m.d.comb += self.done.eq(1)
                    m.next = "READY"
        return m
