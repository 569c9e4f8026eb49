"""Sequencer: walks over layers, output pixels, groups and steps of a folded front end."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hw.frontend.edges import Edges
from hw.frontend.folded.fold import Fold
from hw.frontend.folded.layer_table import table_layout, table_rows
from hw.frontend.unit_memories import memory_style
from hw.payloads import index_bits
from hw.rom import add_rom

__all__ = ["Sequencer"]

GROUPS_IN_FLIGHT = 15
"""More than there are registers between a step and its held result, and one being held."""


class Sequencer(wiring.Component):
    """Plays the schedules of all layers, one layer after the other, image after image.

    A layer starts when its predecessor has written its last word, the first one when an image is there.
    Latency: 2 cycles from a step to its addresses, 4 to its weights. Throughput: one step per cycle while
    `advance` is high, and :data:`hw.frontend.folded.fold.CHANGE_CYCLES` and a start between layers. No step
    moves while `advance` is low.

    Parameters
    ----------
    fold
        What to play.

    Members
    -------
    image
        A whole image is in the memory.
    image_done
        The first layer has read it for the last time.
    advance
        Moves the pipeline by one step.
    group_done
        The result of a group is written or taken.
    first_layer, last_layer
        Which layer it is.
    now
        Numbers of the layer, see :func:`hw.frontend.folded.layer_table.table_rows`.
    restart
        A layer starts; `now` is valid.
    reads, addresses
        Words are to be read, those of each tap from its address.
    outside
        The tap lies outside the image, one step after its address.
    valid, weights, ends_group
        As of :class:`hw.frontend.streaming.window.Window`.
    """

    def __init__(self, fold: Fold):
        self._fold = fold
        lanes = fold.parallelism
        self._weights = data.ArrayLayout(signed(fold.weight_bits), fold.step_format.weights)
        super().__init__(
            {
                "image": In(1),
                "image_done": Out(1),
                "advance": In(1),
                "group_done": In(1),
                "first_layer": Out(1),
                "last_layer": Out(1),
                "now": Out(table_layout(fold)),
                "restart": Out(1),
                "reads": Out(1),
                "addresses": Out(data.ArrayLayout(unsigned(fold.address_bits), lanes.taps)),
                "outside": Out(lanes.taps),
                "valid": Out(1),
                "weights": Out(data.ArrayLayout(self._weights, lanes.taps)),
                "ends_group": Out(1),
            }
        )

    def elaborate(self, platform):
        """A state machine for the layers, counters for what is in them, four pipeline stages."""
        m = Module()
        fold, now = self._fold, self.now
        layers = len(fold.schedules)
        table = Array(
            Const(self.now.shape().const(row).as_value().value, self.now.shape().size)
            for row in table_rows(fold)
        )
        layer = Signal(index_bits(layers))
        m.d.comb += [self.first_layer.eq(layer == 0), self.last_layer.eq(layer == layers - 1)]
        m.d.sync += now.as_value().eq(table[layer])

        # Position of the kernel: `base` is the address of its top left word.
        x, y, step = Signal.like(now.last_x), Signal.like(now.last_y), Signal.like(now.last_step)
        base = Signal(fold.address_bits)
        running, taken, ends_layer, drained = Signal(), Signal(), Signal(), Signal()
        last_step, end_x, end_y = Signal(), Signal(), Signal()
        borders = Signal(fold.step_format.border_bits)
        rows, columns = self._edges("y", y, end_y), self._edges("x", x, end_x)
        m.d.comb += [
            last_step.eq(step == now.last_step),
            end_x.eq(x == now.last_x),
            end_y.eq(y == now.last_y),
            borders.eq(Cat(*rows.flags(), *columns.flags())),
            taken.eq(running & self.advance),
            ends_layer.eq(taken & last_step & end_x & end_y),
        ]
        with m.FSM(init="FETCH"):
            with m.State("FETCH"):
                m.next = "START"
            with m.State("START"):
                m.d.sync += [base.eq(now.start), step.eq(now.first_step), x.eq(0), y.eq(0)]
                with m.If(~self.first_layer | self.image):
                    m.d.comb += self.restart.eq(1)
                    m.next = "RUN"
            with m.State("RUN"):
                m.d.comb += running.eq(1)
                with m.If(ends_layer):
                    m.next = "DRAIN"
            with m.State("DRAIN"):
                with m.If(drained):
                    m.d.comb += self.image_done.eq(self.first_layer)
                    m.d.sync += layer.eq(Mux(self.last_layer, 0, layer + 1))
                    m.next = "FETCH"
        with m.If(taken):
            m.d.sync += step.eq(Mux(last_step, now.first_step, step + 1))
            with m.If(last_step):
                m.d.sync += [
                    base.eq(base + Mux(end_x, now.step_row, now.step_x)),
                    x.eq(Mux(end_x, 0, x + 1)),
                    y.eq(y + end_x),
                ]

        # Stage s: the step's entries are here. Stage a: their addresses. Stage d: their words. Weights come
        # with the entries and pass through all stages, so that they meet their words.
        rom, width = fold.rom(), fold.step_format.width
        rom_read = add_rom(m, "schedule", unsigned(width), rom, memory_style(len(rom), width))
        entry = data.StructLayout(
            {
                "offset": fold.step_format.offset_bits,
                "borders": fold.step_format.border_bits,
                "weights": self._weights,
            }
        )
        entries = data.View(data.ArrayLayout(entry, fold.parallelism.taps), rom_read.data[:-1])
        s_valid, s_base, s_borders, s_ends_group = Signal(), Signal.like(base), Signal.like(borders), Signal()
        a_valid, a_ends_group, a_weights = Signal(), Signal(), Signal.like(self.weights)
        d_valid, d_ends_group, d_weights = Signal(), Signal(), Signal.like(self.weights)
        a_outside = Signal.like(self.outside)
        m.d.comb += [
            rom_read.addr.eq(step),
            rom_read.en.eq(taken),
            self.reads.eq(a_valid),
            s_ends_group.eq(s_valid & rom_read.data[-1]),
        ]
        with m.If(self.advance):
            m.d.sync += [
                s_valid.eq(running),
                s_base.eq(base),
                s_borders.eq(borders),
                Cat(a_valid, a_ends_group).eq(Cat(s_valid, s_ends_group)),
                Cat(d_valid, d_ends_group).eq(Cat(a_valid, a_ends_group)),
                Cat(self.valid, self.ends_group).eq(Cat(d_valid, d_ends_group)),
                self.outside.eq(a_outside),
                d_weights.eq(a_weights),
                self.weights.eq(d_weights),
            ]
        for tap in range(fold.parallelism.taps):
            with m.If(self.advance):
                m.d.sync += [
                    self.addresses[tap].eq(s_base + entries[tap].offset),
                    a_outside[tap].eq((entries[tap].borders & s_borders).any()),
                    a_weights[tap].as_value().eq(entries[tap].weights.as_value()),
                ]

        in_flight = Signal(range(GROUPS_IN_FLIGHT + 1))
        m.d.sync += in_flight.eq(in_flight + (s_ends_group & self.advance) - self.group_done)
        m.d.comb += drained.eq(~s_valid & (in_flight == 0))
        return m

    def _edges(self, direction: str, position: Signal, at_end: Signal) -> Edges:
        """Edges in one direction, ``x`` or ``y``, of the layer that is being computed."""
        now, depth = self.now, self._fold.depth
        overhang = now[f"overhang_{direction}"]
        # The field ends with the highest bit that any layer sets.
        hangs_over = [overhang[bit] if bit < len(overhang) else False for bit in range(depth)]
        before, behind = (
            [now[f"{name}_{direction}_{count}"] for count in range(1, depth + 1)] if depth > 1 else []
            for name in ("before", "behind")
        )
        return Edges(position, at_end, hangs_over, before, behind)
