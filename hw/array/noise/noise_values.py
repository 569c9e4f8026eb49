"""Noise values: the read noise of one conversion after the other, made before its current comes."""

from itertools import pairwise

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.array.noise.speck import WORD_BITS, speck_round
from hw.payloads import index_bits, next_image_port
from sw.design import DesignPoint
from sw.reference.noise import BYTES_MEAN, CONVERSION_ROUNDS, IMAGE_ROUNDS, KEY_WORDS, ReadNoise

__all__ = ["KEY_CYCLES", "VALUE_CYCLES", "NoiseValues", "noise_bits"]

KEY_CYCLES = IMAGE_ROUNDS[-1] + 1
"""Cycles that it takes to make the key of an image."""
VALUE_CYCLES = CONVERSION_ROUNDS + 3
"""Registers of a value: one for each round, sum of the bytes, product, shift."""


def noise_bits(noise: ReadNoise) -> int:
    """Bits of a signed noise value, from the largest one."""
    largest = BYTES_MEAN * int(noise.scale.max()) + (1 << noise.shift >> 1) >> noise.shift
    return largest.bit_length() + 1


class NoiseValues(wiring.Component):
    """The generator of :mod:`sw.reference.noise`, one round per pipeline stage.

    The key of an image takes a round per cycle, from the moment that the last conversion of the image before
    has gone through all rounds. So there may be no value for a while at the start of an image.

    Latency: VALUE_CYCLES from a conversion's number to its value. Throughput: one value per cycle, and
    between images a pause of at most KEY_CYCLES + CONVERSION_ROUNDS - 1, of which values that wait for their
    currents hide a part. Under back-pressure on `o` the pipeline stops as a whole and loses nothing.

    Parameters
    ----------
    design
        Gives the number of conversions of an image.
    noise
        Key of the chip, scale and shift.

    Members
    -------
    next_image
        Sets the index of the next image; without it, that is 0 after reset and counts up, modulo 2**32. What
        was made ahead is made anew: the first value comes KEY_CYCLES + VALUE_CYCLES later. Set while values
        of an image are being taken, it counts conversions from the middle of that image on: every value is
        wrong until it is set again or reset.
    o
        Noise in conductance codes, conversion after conversion, image after image.
    """

    def __init__(self, design: DesignPoint, noise: ReadNoise):
        self._design = design
        self._noise = noise
        super().__init__(
            {
                "next_image": In(next_image_port()),
                "o": Out(stream.Signature(signed(noise_bits(noise)))),
            }
        )

    def elaborate(self, platform):
        """Key, rounds, value."""
        m = Module()
        advance = Signal()
        m.d.comb += advance.eq(~self.o.valid | self.o.ready)

        ends_image = Signal()
        restart = Signal()
        m.d.comb += restart.eq(self.next_image.valid)
        key, key_ready = self._key(m, ends_image)

        # Numbers of conversions, with flags that travel through the rounds.
        conversions = self._design.row_tiles * self._design.templates
        number = Signal(index_bits(conversions))
        complete = Signal()
        flags = data.StructLayout({"valid": 1, "last": 1})
        first = Signal(flags)
        stages = [first, *(Signal(flags, name=f"flags_{place}") for place in range(CONVERSION_ROUNDS))]
        m.d.comb += [
            first.valid.eq(key_ready & ~complete),
            first.last.eq(number == conversions - 1),
            ends_image.eq(advance & stages[-2].valid & stages[-2].last),
        ]
        with m.If(advance):
            for before, after in pairwise(stages):
                m.d.sync += after.eq(before)
            with m.If(first.valid):
                m.d.sync += [number.eq(Mux(first.last, 0, number + 1)), complete.eq(first.last)]
        with m.If(ends_image | restart):
            m.d.sync += complete.eq(0)
        with m.If(restart):
            m.d.sync += [number.eq(0), *(stage.eq(0) for stage in stages[1:])]

        x, y = _halves(number)
        for place in range(CONVERSION_ROUNDS):
            new_x, new_y = speck_round(m, x, y, key[place % KEY_WORDS] ^ place, f"round_{place}")
            x, y = Signal(WORD_BITS, name=f"x_{place}"), Signal(WORD_BITS, name=f"y_{place}")
            with m.If(advance):
                m.d.sync += [x.eq(new_x), y.eq(new_y)]
        self._value(m, advance, stages[-1].valid, x, y)
        return m

    def _key(self, m: Module, ends_image: Value) -> tuple[list[Value], Value]:
        """Words of the key of the image whose index counts here, and whether all of them are made."""
        index = Signal(32)
        load = Signal()
        x, y = Signal(WORD_BITS), Signal(WORD_BITS)
        early_x, early_y = Signal(WORD_BITS), Signal(WORD_BITS)
        number = Signal(range(IMAGE_ROUNDS[-1] + 1))
        words = Array(Const(word, WORD_BITS) for word in self._noise.key.tolist())
        new_x, new_y = speck_round(m, x, y, words[number % KEY_WORDS] ^ number, "key_round")
        ready = number == IMAGE_ROUNDS[-1]
        with m.If(load):
            m.d.sync += [Cat(y, x).eq(index), number.eq(0), load.eq(0)]
        with m.Elif(~ready):
            m.d.sync += [x.eq(new_x), y.eq(new_y), number.eq(number + 1)]
            with m.If(number == IMAGE_ROUNDS[0] - 1):
                m.d.sync += [early_x.eq(new_x), early_y.eq(new_y)]
        with m.If(ends_image):
            m.d.sync += [index.eq(index + 1), load.eq(1)]
        with m.If(self.next_image.valid):
            m.d.sync += [index.eq(self.next_image.payload), load.eq(1)]
        return [early_x, early_y, x, y], ready & ~load

    def _value(self, m: Module, advance: Value, r_valid: Value, x: Value, y: Value) -> None:
        """Sum of the bytes less its mean, times the scale of the row tile, shifted."""
        noise = self._noise
        s_valid, p_valid = Signal(), Signal()
        total = Signal(range(2 * BYTES_MEAN + 1))
        s_centred = Signal(signed(len(total) + 1))
        scale = self._scale(m, advance & s_valid)
        p_product = Signal(signed(len(s_centred) + len(scale)))
        m.d.comb += total.eq((x[:8] + x[8:]) + (y[:8] + y[8:]))
        with m.If(advance):
            m.d.sync += [
                s_valid.eq(r_valid),
                s_centred.eq(total - BYTES_MEAN),
                p_valid.eq(s_valid),
                p_product.eq(s_centred * scale),
                self.o.valid.eq(p_valid),
                self.o.payload.eq((p_product + (1 << noise.shift >> 1)) >> noise.shift),
            ]
        with m.If(self.next_image.valid):
            m.d.sync += [s_valid.eq(0), p_valid.eq(0), self.o.valid.eq(0)]

    def _scale(self, m: Module, passes: Value) -> Value:
        """Scale of the value that passes; a constant where all row tiles are alike."""
        design, scales = self._design, self._noise.scale.tolist()
        if len(set(scales)) == 1:
            return Const(scales[0])
        line, tile = Signal(range(design.templates)), Signal(range(design.row_tiles))
        with m.If(passes):
            m.d.sync += line.eq(line + 1)
            with m.If(line == design.templates - 1):
                m.d.sync += [line.eq(0), tile.eq(Mux(tile == design.row_tiles - 1, 0, tile + 1))]
        with m.If(self.next_image.valid):
            m.d.sync += [line.eq(0), tile.eq(0)]
        return Array(Const(scale, max(scales).bit_length()) for scale in scales)[tile]


def _halves(number: Value) -> tuple[Value, Value]:
    """High and low word of a counter."""
    return number[WORD_BITS:], number[:WORD_BITS]
