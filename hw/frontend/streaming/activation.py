"""Activation: from a group's accumulators to activations, or to values handed on as they are."""

from typing import Protocol

from amaranth.hdl import Array, Cat, Module, Mux, Shape, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.frontend.schedule import Parallelism
from hw.frontend.unit_memories import memory_style
from hw.payloads import index_bits
from hw.rom import add_rom, read_at_once

__all__ = ["SearchSizes", "Serialiser", "ThresholdSearch"]


class SearchSizes(Protocol):
    """Sizes that a search needs: those of a layer's schedule, or of an engine for many layers."""

    @property
    def parallelism(self) -> Parallelism:
        """Lanes and searchers."""

    @property
    def search_bits(self) -> int:
        """Bits of an activation."""

    @property
    def searched_channels(self) -> int:
        """Channels that each searcher serves."""

    @property
    def threshold_bits(self) -> int:
        """Bits of a signed threshold."""

    def threshold_rom(self, searcher: int) -> list[int]:
        """``2**search_bits`` negated thresholds per channel, the first one unused."""


class ThresholdSearch(wiring.Component):
    """n-bit activation by binary search among a channel's ``2**n - 1`` sorted thresholds.

    Each searcher serves every `searchers`-th lane, n cycles per lane. Latency: n cycles for the first lanes
    of a group. The search of a lane does not end while its predecessor's activations are not taken.

    Parameters
    ----------
    schedule
        Gives thresholds, lanes and searchers.
    accumulator_shape
        Shape of an accumulator.

    Members
    -------
    held_valid, held, held_next, held_done
        Accumulators of one group, see :class:`hw.frontend.streaming.mac.MacArray`.
    o
        Activations of `searchers` neighbouring channels.
    first_channel, last_channel
        Channels of each searcher that a pixel has; all of them where nothing drives the two.
    restart
        Goes to the first channel, at least two cycles before a group is held.
    """

    def __init__(self, schedule: SearchSizes, accumulator_shape: Shape):
        self._schedule = schedule
        lanes = schedule.parallelism
        self.shape = unsigned(schedule.search_bits)
        channel_bits = index_bits(schedule.searched_channels)
        super().__init__(
            {
                "held_valid": In(1),
                "held": In(data.ArrayLayout(accumulator_shape, lanes.output_lanes)),
                "held_next": Out(1),
                "held_done": Out(1),
                "o": Out(stream.Signature(data.ArrayLayout(self.shape, lanes.searchers))),
                "first_channel": In(channel_bits),
                "last_channel": In(channel_bits, init=schedule.searched_channels - 1),
                "restart": In(1),
            }
        )

    def elaborate(self, platform):
        """All searchers walk in step through rounds of lanes and bits of the activation."""
        m = Module()
        schedule, lanes = self._schedule, self._schedule.parallelism
        bits = schedule.search_bits
        rounds = lanes.output_lanes // lanes.searchers
        first_trial = 1 << (bits - 1)

        # The first trial of a channel is read with the last bit of the one before it, or alone where nothing
        # was searched before: `fresh`, and the bit on trial is the last one. `mark` is that bit, one of all.
        fresh = Signal(init=1)
        mark = Signal(bits, init=1)
        channel = Signal.like(self.last_channel, init=0)
        next_channel = Signal.like(channel)
        round_ = Signal(index_bits(rounds))
        next_round = Signal.like(round_)
        # Found out with the round before, because the whole layer may have to wait for it.
        last_round = Signal(init=rounds == 1)
        last_bit, lane_done, move = mark[0], Signal(), Signal()
        m.d.comb += [
            next_round.eq(Mux(last_round, 0, round_ + 1)),
            lane_done.eq(self.held_valid & last_bit & (~self.o.valid | self.o.ready)),
            move.eq(fresh | (self.held_valid & ~last_bit) | lane_done),
            next_channel.eq(Mux(channel == self.last_channel, self.first_channel, channel + 1)),
            self.held_next.eq(lane_done),
            self.held_done.eq(lane_done & last_round),
        ]
        m.d.sync += fresh.eq(self.restart)
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(move):
            m.d.sync += mark.eq(Mux(last_bit, first_trial, mark >> 1))
        with m.If(lane_done):
            m.d.sync += [
                channel.eq(next_channel),
                round_.eq(next_round),
                last_round.eq(next_round == rounds - 1),
                self.o.valid.eq(1),
            ]
        with m.If(self.restart):
            m.d.sync += [channel.eq(self.first_channel), mark.eq(1)]

        searched = Signal.like(channel)
        m.d.comb += searched.eq(Mux(last_bit & ~fresh, next_channel, channel))
        for searcher in range(lanes.searchers):
            threshold = Signal(signed(schedule.threshold_bits), name=f"threshold_{searcher}")
            reached = Signal(name=f"reached_{searcher}")
            others = Signal(bits, name=f"others_{searcher}")
            trial = Signal(bits, name=f"trial_{searcher}")
            # The next trial sets the next lower bit; a new channel starts with its highest one. A memory, a
            # comparison and the address of that memory are in one cycle, so all bits but the one on trial are
            # made ready before: behind the comparison there is one look-up table.
            trials = [Mux(last_bit, first_trial, answer | others & ~mark) for answer in (0, mark)]
            m.d.comb += [
                reached.eq(~(self.held[searcher] + threshold)[-1]),
                trial.eq(Mux(reached, trials[1], trials[0])),
            ]
            rom = schedule.threshold_rom(searcher)
            name = f"thresholds_{searcher}"
            if memory_style(len(rom), schedule.threshold_bits) == "block":
                read = add_rom(m, name, threshold.shape(), rom, "block")
                m.d.comb += [
                    read.en.eq(move),
                    read.addr.eq(Cat(trial, searched)),
                    threshold.eq(read.data),
                ]
            else:
                # In logic it is read for both answers at once, and so waits for none.
                after = [
                    read_at_once(m, f"{name}_{answer}", threshold.shape(), rom, Cat(trials[answer], searched))
                    for answer in range(2)
                ]
                with m.If(move):
                    m.d.sync += threshold.eq(Mux(reached, after[1], after[0]))
            with m.If(move):
                m.d.sync += others.eq(trial | Mux(last_bit, first_trial, mark >> 1) >> 1)
            with m.If(lane_done):
                m.d.sync += self.o.payload[searcher].eq(Cat(reached, others[1:]))
        return m


class Serialiser(wiring.Component):
    """Hands the values of a group on as they are, one lane per cycle or all at once.

    Parameters
    ----------
    value_shape
        Shape of a value.
    lanes
        Values per group.
    at_once
        Values per item of `o`; divides `lanes`.

    Members
    -------
    held_valid, held, held_done
        Values of one group, see :class:`hw.frontend.streaming.mac.MacArray`.
    o
        `at_once` neighbouring values. Values wait while an item is not taken.
    """

    def __init__(self, value_shape: Shape, lanes: int, at_once: int):
        self._lanes, self._at_once = lanes, at_once
        self.shape = value_shape
        super().__init__(
            {
                "held_valid": In(1),
                "held": In(data.ArrayLayout(value_shape, lanes)),
                "held_done": Out(1),
                "o": Out(stream.Signature(data.ArrayLayout(value_shape, at_once))),
            }
        )

    def elaborate(self, platform):
        """A counter picks the lanes."""
        m = Module()
        rounds = self._lanes // self._at_once
        round_ = Signal(index_bits(rounds))
        next_round = Signal.like(round_)
        # Found out with the round before, because the whole layer may have to wait for it.
        last_round = Signal(init=rounds == 1)
        m.d.comb += [
            next_round.eq(Mux(last_round, 0, round_ + 1)),
            self.o.valid.eq(self.held_valid),
            self.held_done.eq(self.held_valid & self.o.ready & last_round),
        ]
        for place in range(self._at_once):
            mine = Array(self.held[place + self._at_once * n] for n in range(rounds))
            m.d.comb += self.o.payload[place].eq(mine[round_])
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [round_.eq(next_round), last_round.eq(next_round == rounds - 1)]
        return m
