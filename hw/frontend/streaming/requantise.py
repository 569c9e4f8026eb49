"""Requantise: from a group's accumulators to wide activations by multiplication and shift."""

from itertools import pairwise

from amaranth.hdl import Array, Cat, Module, Mux, Shape, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.frontend.schedule import LayerSchedule
from hw.frontend.unit_memories import memory_style
from hw.payloads import index_bits
from hw.rom import add_rom

__all__ = ["Requantise"]


class Requantise(wiring.Component):
    """``level = clamp((accumulator * multiplier + offset) >> shift, 0, 2**n - 1)``, parameters by channel.

    Each of the `searchers` lanes has one multiplier and serves every `searchers`-th output lane in turn. Its
    pipeline: look up the parameters, multiply, add, shift and clamp; the half that rounds is in the offset.

    Latency: 4 cycles. Throughput: `searchers` channels per cycle. Under back-pressure the pipeline stops as a
    whole and loses nothing.

    Parameters
    ----------
    schedule
        Gives the requantisation, lanes and searchers.
    accumulator_shape
        Shape of an accumulator.

    Members
    -------
    held_valid, held, held_done
        Accumulators of one group, see :class:`hw.frontend.streaming.mac.MacArray`.
    o
        Activations of `searchers` neighbouring channels.
    """

    def __init__(self, schedule: LayerSchedule, accumulator_shape: Shape):
        self._schedule = schedule
        self._accumulator_shape = accumulator_shape
        lanes = schedule.parallelism
        self.shape = unsigned(schedule.layer.activation_bits)
        super().__init__(
            {
                "held_valid": In(1),
                "held": In(data.ArrayLayout(accumulator_shape, lanes.output_lanes)),
                "held_done": Out(1),
                "o": Out(stream.Signature(data.ArrayLayout(self.shape, lanes.searchers))),
            }
        )

    def elaborate(self, platform):
        """All lanes walk in step through the rounds of a group and the groups of a pixel."""
        m = Module()
        schedule = self._schedule
        rounds = schedule.rounds
        channels = schedule.searched_channels
        channel = Signal(index_bits(channels))
        round_ = Signal(index_bits(rounds))
        advance, last_round = Signal(), Signal()
        m.d.comb += [
            advance.eq(~self.o.valid | self.o.ready),
            last_round.eq(round_ == rounds - 1),
            self.held_done.eq(self.held_valid & advance & last_round),
        ]
        with m.If(self.held_valid & advance):
            m.d.sync += [
                channel.eq(Mux(channel == channels - 1, 0, channel + 1)),
                round_.eq(Mux(last_round, 0, round_ + 1)),
            ]
        valid = [self.held_valid, *(Signal(name=f"{stage}_valid") for stage in "lpt"), self.o.valid]
        with m.If(advance):
            m.d.sync += [after.eq(before) for before, after in pairwise(valid)]
        for searcher in range(schedule.parallelism.searchers):
            self._lane(m, searcher, advance, channel, round_)
        return m

    def _lane(self, m: Module, searcher: int, advance: Signal, channel: Signal, round_: Signal) -> None:
        """Look-up (``l_``), product (``p_``), total (``t_``), level."""
        schedule, transfer = self._schedule, self._schedule.transfer
        rom = schedule.transfer_rom(searcher)
        layout = data.StructLayout(
            {
                "offset": signed(transfer.offset_bits),
                "multiplier": unsigned(transfer.multiplier_bits),
                "choice": unsigned(transfer.choice_bits),
            }
        )
        style = memory_style(len(rom), transfer.width)
        read = add_rom(m, f"transfer_{searcher}", transfer.width, rom, style)
        own = data.View(layout, read.data)
        searchers = schedule.parallelism.searchers
        held = Array(self.held[searcher + searchers * n] for n in range(schedule.rounds))
        bits = self.shape.width

        l_held = Signal(self._accumulator_shape, name=f"l_held_{searcher}")
        product = l_held * own.multiplier
        p_product = Signal(product.shape(), name=f"p_product_{searcher}")
        p_offset = Signal(layout["offset"].shape, name=f"p_offset_{searcher}")
        p_choice = Signal(transfer.choice_bits, name=f"p_choice_{searcher}")
        t_total = Signal(signed(transfer.total_bits), name=f"t_total_{searcher}")
        t_choice = Signal(transfer.choice_bits, name=f"t_choice_{searcher}")
        shifted = Signal(signed(transfer.total_bits), name=f"shifted_{searcher}")
        # Only shifts that a channel has: a choice among a few constant ones is smaller than a barrel shifter.
        m.d.comb += [
            read.en.eq(self.held_valid & advance),
            read.addr.eq(channel),
            shifted.eq(Array(t_total >> shift for shift in transfer.shifts)[t_choice]),
        ]
        # The clamp looks at single bits: below 0 the sign is set, above the top any bit beyond the level's.
        with m.If(advance):
            m.d.sync += [
                l_held.eq(held[round_]),
                p_product.eq(product),
                Cat(p_offset, p_choice).eq(Cat(own.offset, own.choice)),
                t_total.eq(p_product + p_offset),
                t_choice.eq(p_choice),
                self.o.payload[searcher].eq(
                    Mux(shifted[-1], 0, Mux(shifted[bits:].any(), 2**bits - 1, shifted[:bits]))
                ),
            ]
