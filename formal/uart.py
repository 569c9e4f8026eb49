"""The UART receiver on a bad line: every frame gives its byte, glitches and breaks give none."""

from math import ceil, floor

from amaranth.hdl import Array, Assert, Assume, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import Component, In

from formal.proof import Proof
from formal.specification import Inside, without_reset
from hw.host.uart import FRAME_BITS, UartReceiver

__all__ = ["PROOFS", "LineSpec"]

FINE = 100
"""Parts of a clock cycle in which the sender's time is counted: hundredths of a bit are whole numbers."""
OFF = 0.03
"""Share by which a bit of the sender may be longer or shorter."""
DELAY = 3
"""Cycles until a sample is the middle one of the three by which the receiver decides."""
GAP = 2
"""High samples between a low that is no frame and what comes next."""
STEPS = 7
"""Cycles of an induction step: more than a sample needs through synchroniser, majority and output."""


class LineSpec(Component):
    """A line on which frames, glitches and breaks come in any order and at any time.

    The sender begins a frame at any fraction of a clock cycle, also right behind the one before. Each bit of
    a frame has a length of its own, and with `bad` one sample of it may be wrong. Between frames the line may
    be low for less than half a bit, or for a frame and longer; it is high for two samples then.

    The claim: no byte but the one that is in the frame, not twice, and not later than the frame ends. The
    other assertions are for the induction: how the receiver's registers belong to what is on the line.
    """

    def __init__(
        self,
        divisor: int = 15,
        off: float = OFF,
        *,
        bad: bool = True,
        block: type[UartReceiver] = UartReceiver,
    ):
        self._divisor, self._block, self._bad = divisor, block(divisor), bad
        self._shortest, self._longest = ceil(divisor * FINE * (1 - off)), floor(divisor * FINE * (1 + off))
        self._sample = data.StructLayout(
            {
                "frame": 1,
                "last": 1,
                "number": range(FRAME_BITS),
                "place": range(FRAME_BITS * self._longest),
                "byte": 8,
                "lows": range(FRAME_BITS * divisor + 1),
                "highs": range(GAP + 1),
            }
        )
        super().__init__(
            {
                "starts": In(1),
                "begin": In(range(FINE)),
                "byte": In(8),
                "length": In(range(self._longest + 1)),
                "bad": In(1),
                "low": In(1),
            }
        )

    def elaborate(self, platform):
        """The sender, the receiver, and what the receiver sees of the sender some cycles later."""
        m = Module()
        without_reset(m)
        inside = Inside(self._block)
        m.submodules.block = inside.fragment
        now = self._sender(m)
        delayed = [now]
        for age in range(1, DELAY + 2):
            delayed.append(Signal(self._sample, name=f"sample_{age}", init={"highs": GAP}))
            m.d.sync += delayed[age].eq(delayed[age - 1])
        came = self._check_bytes(m, delayed[DELAY + 1])
        self._check_registers(m, inside, delayed[DELAY], came)
        return m

    def _sender(self, m: Module) -> data.View:
        """Drives the line. What its sample is of, in this cycle.

        Of a frame: number of the bit, place in the frame in fine parts, whether it is the last sample. Of an
        idle line: how many samples it has been low, or high.
        """
        now = Signal(self._sample)
        frame, number, byte = Signal(), Signal(range(FRAME_BITS)), Signal(8)
        place, end = Signal(range(FRAME_BITS * self._longest)), Signal(range(FRAME_BITS * self._longest + 1))
        lows, highs = Signal(range(FRAME_BITS * self._divisor + 1)), Signal(range(GAP + 1), init=GAP)
        spoilt, after_low = Signal(), Signal()
        next_bit, last, begins, falls = Signal(), Signal(), Signal(), Signal()
        # A low as long as half a bit would be a start bit, so it has to go on as a break.
        in_break = (lows > (self._divisor - 1) // 2) & (lows != FRAME_BITS * self._divisor)
        m.d.comb += [
            Assume((self.length >= self._shortest) & (self.length <= self._longest) & (self.begin < FINE)),
            Assume(~(self.bad & (spoilt | ~frame | ~Const(self._bad)))),
            self._block.rx.eq(
                Mux(frame, Cat(Const(0, 1), byte, 1).bit_select(number, 1) ^ self.bad, lows == 0)
            ),
            self._block.o.ready.eq(1),
            next_bit.eq(place + FINE >= end),
            last.eq(frame & next_bit & (number == FRAME_BITS - 1)),
            begins.eq(self.starts & Mux(frame, last, (highs == GAP) | ~after_low)),
            falls.eq(~frame & ~begins & Mux(lows == 0, self.low & (highs == GAP), self.low | in_break)),
            now.frame.eq(frame),
            now.last.eq(last),
            now.number.eq(number),
            now.place.eq(place),
            now.byte.eq(byte),
            now.lows.eq(lows),
            now.highs.eq(highs),
        ]
        with m.If(begins):
            m.d.sync += [
                frame.eq(1),
                number.eq(0),
                byte.eq(self.byte),
                place.eq(self.begin),
                end.eq(self.length),
            ]
            m.d.sync += [spoilt.eq(0), lows.eq(0), highs.eq(0), after_low.eq(0)]
        with m.Elif(last):
            m.d.sync += [frame.eq(0), highs.eq(1)]
        with m.Elif(frame):
            m.d.sync += [place.eq(place + FINE), spoilt.eq(spoilt | self.bad)]
            with m.If(next_bit):
                m.d.sync += [number.eq(number + 1), end.eq(end + self.length), spoilt.eq(0)]
        with m.Elif(falls):
            m.d.sync += [lows.eq(lows + (lows != FRAME_BITS * self._divisor)), highs.eq(0), after_low.eq(1)]
        with m.Else():
            m.d.sync += [lows.eq(0), highs.eq(highs + (highs != GAP))]

        bits = range(1, FRAME_BITS + 1)
        with m.If(frame):
            m.d.comb += [
                Assert((number < FRAME_BITS) & (place < end) & (lows == 0) & (highs == 0) & ~after_low),
                Assert(place >= Array((bit - 1) * self._shortest for bit in bits)[number]),
                Assert(end >= Array(bit * self._shortest for bit in bits)[number]),
                Assert(end <= Array(bit * self._longest for bit in bits)[number]),
            ]
        with m.Else():
            m.d.comb += [
                Assert((lows <= FRAME_BITS * self._divisor) & (highs <= GAP)),
                Assert((lows == 0) == (highs != 0)),
                Assert(after_low | (lows == 0)),
            ]
        return now

    def _check_bytes(self, m: Module, sample: data.View) -> Value:
        """The claim, where `sample` is the one before that by which the receiver decides."""
        port, came = self._block.o, Signal()
        with m.If(port.valid):
            m.d.comb += Assert(sample.frame & ~came & (port.payload == sample.byte))
        m.d.sync += came.eq((came | port.valid) & ~sample.last)
        with m.If(sample.last):
            m.d.comb += Assert(came | port.valid)
        m.d.comb += Assert(~came | sample.frame)
        return came | port.valid

    def _check_registers(self, m: Module, inside: Inside, sample: data.View, came: Value) -> None:
        """The receiver counts along with the sample by which it decides, at most a cycle off."""
        divisor, half = self._divisor, self._divisor // 2
        bits_left, timer, shift = inside["bits_left"], inside["timer"], inside["shift"]
        since = Signal(range(FRAME_BITS * divisor))
        """Cycles since the receiver saw the beginning of a start bit."""
        first = bits_left == FRAME_BITS
        m.d.comb += [
            since.eq(
                Mux(
                    first,
                    half - timer,
                    Array(half + (FRAME_BITS - left) * divisor for left in range(FRAME_BITS + 1))[bits_left]
                    - timer,
                )
            ),
            Assert(bits_left <= FRAME_BITS),
            Assert(timer < divisor),
        ]
        with m.If(first):
            m.d.comb += Assert(timer < half)
        with m.If(bits_left != 0):
            m.d.comb += Assert(~self._block.broken & ((since == 1) | ~came))
            with m.If(sample.frame):
                # A bad sample beside the edge moves it by a cycle.
                slack = FINE if self._bad else 0
                m.d.comb += [
                    Assert(sample.place + slack >= since * FINE),
                    Assert(sample.place < since * FINE + FINE + slack),
                ]
                with m.Switch(bits_left):
                    for bits in range(1, 9):
                        with m.Case(FRAME_BITS - 1 - bits):
                            m.d.comb += Assert(shift[8 - bits :] == sample.byte[:bits])
            with m.Elif(sample.lows != 0):
                m.d.comb += Assert(since == sample.lows - 1)
            with m.Else():
                m.d.comb += Assert((sample.highs == 1) & first)
        with m.Else():
            with m.If(sample.frame):
                done = (half + (FRAME_BITS - 1) * divisor) * FINE
                m.d.comb += Assert((sample.place < 2 * FINE) | ((sample.place >= done) & came))
            with m.Elif(sample.lows != 0):
                m.d.comb += Assert((sample.lows <= 1) | self._block.broken)
            with m.If(self._block.broken):
                m.d.comb += Assert(~sample.frame & (sample.highs <= 1))


PROOFS = (
    Proof(
        "uart",
        "a frame gives its byte, once, with bits 3 % off and a bad sample in each; a glitch or a break none",
        "unbounded",
        STEPS,
        LineSpec,
    ),
    Proof(
        "uart-smallest",
        "so it is with 4 cycles per bit, bits 2 % off and no bad sample",
        "unbounded",
        STEPS,
        lambda: LineSpec(4, 0.02, bad=False),
    ),
    Proof(
        "uart-slow",
        "so it is with 208 cycles per bit, as for 115,200 baud at 24 MHz",
        "unbounded",
        STEPS,
        lambda: LineSpec(208),
    ),
)
