"""Window: keeps the last rows of a layer's input and plays the layer's schedule on them."""

from amaranth.hdl import Array, Cat, Module, Mux, Shape, Signal, Value, signed, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.frontend.edges import Edges
from hw.frontend.schedule import LayerSchedule
from hw.frontend.unit_memories import memory_style, window_depth
from hw.frontend.walk import Walk
from hw.payloads import index_bits
from hw.rom import add_rom

__all__ = ["Window"]


class Window(wiring.Component):
    """Ring of input words, and the sequencer that walks over output pixels, groups and steps.

    Words are taken in image order while there is room; a kernel position starts when its last word is there.
    Latency: 4 cycles from a step to its data. Throughput: one step per cycle while `advance` is high; nothing
    moves while it is low.

    Parameters
    ----------
    schedule
        What to play.
    value_shape
        Shape of one input value.

    Members
    -------
    i
        Words of `input_lanes` values, pixel after pixel, row after row, image after image.
    advance
        Moves the pipeline by one step.
    valid
        `data`, `weights` and `ends_group` belong to a step.
    data
        `taps` words; values outside the image are 0.
    weights
        For each tap, for each output lane, one weight per input lane.
    ends_group
        The step is the last of its group.
    """

    def __init__(self, schedule: LayerSchedule, value_shape: Shape):
        self._schedule = schedule
        lanes = schedule.parallelism
        self._word = data.ArrayLayout(value_shape, lanes.input_lanes)
        products = lanes.input_lanes * lanes.output_lanes if schedule.layer.has_weights else 0
        self._weights = data.ArrayLayout(signed(schedule.weight_bits), products)
        super().__init__(
            {
                "i": In(stream.Signature(self._word)),
                "advance": In(1),
                "valid": Out(1),
                "data": Out(data.ArrayLayout(self._word, lanes.taps)),
                "weights": Out(data.ArrayLayout(self._weights, lanes.taps)),
                "ends_group": Out(1),
            }
        )

    def elaborate(self, platform):
        """Four stages: schedule memory, window memory, masked data, registers in front of the products.

        The last registers keep the product out of the cycle in which words are read and masked.
        """
        m = Module()
        schedule = self._schedule
        taps = range(schedule.parallelism.taps)
        walk, border_bits = schedule.walk, schedule.step_format.border_bits
        depth = window_depth(schedule)

        # Window memory: one copy per tap.
        w_address = Signal(range(depth))
        w_enable = Signal()
        reads = []
        for tap in taps:
            ring = memory.Memory(
                shape=unsigned(self._word.size),
                depth=depth,
                init=[],
                attrs={"ram_style": memory_style(depth, self._word.size, writable=True)},
            )
            m.submodules[f"ring_{tap}"] = ring
            write = ring.write_port()
            m.d.comb += [
                write.en.eq(w_enable),
                write.addr.eq(w_address),
                write.data.eq(self.i.payload.as_value()),
            ]
            reads.append(ring.read_port())
        with m.If(w_enable):
            m.d.sync += w_address.eq(w_address + 1)

        # Position of the kernel: `base` is the address of its top left word. What depends on the position
        # alone is in registers too, found out from the position after it: it waits for the end of a pixel,
        # which comes late in its cycle.
        o_x, o_y = Signal(range(walk.columns.outputs)), Signal(range(walk.rows.outputs))
        next_x, next_y = Signal.like(o_x), Signal.like(o_y)
        last_x, last_y = walk.columns.outputs - 1, walk.rows.outputs - 1
        end_x, end_y = Signal(init=last_x == 0), Signal(init=last_y == 0)
        next_end_x, next_end_y = Signal(), Signal()
        base = Signal(range(depth), init=-walk.ahead % depth)
        at_first = _edges(walk, 0, 0, last_x == 0, last_y == 0)
        borders = Signal(border_bits, init=sum(bool(flag) << place for place, flag in enumerate(at_first)))
        m.d.comb += [
            next_x.eq(Mux(end_x, 0, o_x + 1)),
            next_y.eq(Mux(end_x, Mux(end_y, 0, o_y + 1), o_y)),
            next_end_x.eq(next_x == last_x),
            next_end_y.eq(next_y == last_y),
        ]
        longest_step = max(walk.step_x, walk.step_row, walk.step_image)
        # Minus the words to the next position: all sums are additions.
        back = Signal(range(-longest_step, 1), init=-walk.step_after(0, 0))

        # Padding before the first image counts as words that have come, so the kernel can begin there;
        # what it reads there is masked.
        # A kernel that hangs over needs only the words up to its last tap on the image. `spare` counts the
        # words that have come beyond those the kernel needs, `used` the memory in use, less all of it: both
        # answer with their sign alone, because what depends on the answers takes most of a cycle.
        in_row = [walk.spared(x, 0) for x in range(last_x)] or [0]
        at_end = [walk.spared(last_x, y) for y in range(last_y + 1)]
        missing = walk.ahead - walk.needed(0, 0)
        spare = Signal(range(min(missing, *in_row, *at_end), depth + 1), init=missing)
        used = Signal(range(-longest_step - depth, 1), init=walk.ahead - depth)
        ready = Signal()
        ends_pixel = Signal()
        moved, released = Signal.like(back, init=0), Signal.like(back, init=0)
        spared = Signal.like(spare, init=walk.spared(0, 0))
        m.d.comb += [
            ready.eq(~spare[-1]),
            self.i.ready.eq(used[-1]),
            w_enable.eq(self.i.valid & self.i.ready),
            moved.eq(Mux(ends_pixel, back, 0)),
        ]
        m.d.sync += [
            spare.eq(_added(spare, Mux(ends_pixel, spared, 0), w_enable)),
            used.eq(_added(used, released, w_enable)),
        ]

        # Schedule memory.
        rom, rom_width = schedule.rom(), schedule.step_format.width
        rom_read = add_rom(m, "schedule", unsigned(rom_width), rom, memory_style(len(rom), rom_width))
        step = Signal(index_bits(len(rom)))
        next_step, last_step = Signal.like(step), Signal(init=len(rom) == 1)
        taken = Signal()
        # A word is read once, after the step before it is taken, and not in each cycle that waits for pixels.
        to_read = Signal(init=1)
        m.d.comb += [
            next_step.eq(Mux(last_step, 0, step + 1)),
            taken.eq(ready & self.advance),
            ends_pixel.eq(taken & last_step),
            rom_read.addr.eq(step),
            rom_read.en.eq(self.advance & to_read),
        ]
        with m.If(self.advance):
            m.d.sync += to_read.eq(taken)
        with m.If(taken):
            m.d.sync += [step.eq(next_step), last_step.eq(next_step == len(rom) - 1)]
        with m.If(ends_pixel):
            m.d.sync += [
                base.eq(base - back),
                o_x.eq(next_x),
                o_y.eq(next_y),
                end_x.eq(next_end_x),
                end_y.eq(next_end_y),
                borders.eq(Cat(*_edges(walk, next_x, next_y, next_end_x, next_end_y))),
                back.eq(-walk.step_x),
                spared.eq(Array(in_row)[next_x]),
            ]
            with m.If(next_end_x):
                m.d.sync += [
                    back.eq(Mux(next_end_y, -walk.step_image, -walk.step_row)),
                    spared.eq(Array(at_end)[next_y]),
                ]

        # Stage s: the step's weights are here, its addresses are in registers, and the taps of the step after
        # it come from the schedule: a deep memory and an adder are not in one cycle with the next memory.
        # Stage d: its data is here.
        s_valid = Signal()
        s_moved, d_moved = Signal.like(released), Signal.like(released)
        d_valid, d_ends_group = Signal(), Signal()
        d_outside = Signal(len(taps))
        d_weights = Signal.like(self.weights)
        entry = data.StructLayout(
            {"offset": schedule.offset_bits, "borders": border_bits, "weights": self._weights}
        )
        entries = data.View(data.ArrayLayout(entry, len(taps)), rom_read.data[:-1])
        first = schedule.first_taps()
        addresses = []
        outside = Signal(len(taps), init=sum(hidden << tap for tap, (_, hidden) in enumerate(first)))
        for tap, (offset, _) in enumerate(first):
            address = Signal(range(depth), init=(offset - walk.ahead) % depth, name=f"address_{tap}")
            addresses.append(address)
            m.d.comb += [reads[tap].en.eq(self.advance & s_valid), reads[tap].addr.eq(address)]
        with m.If(self.advance & s_valid):
            for tap in taps:
                m.d.sync += [
                    addresses[tap].eq(base + entries[tap].offset),
                    outside[tap].eq((entries[tap].borders & borders).any()),
                ]
        with m.If(self.advance):
            m.d.sync += [
                s_valid.eq(ready),
                s_moved.eq(moved),
                d_moved.eq(s_moved),
                d_valid.eq(s_valid),
                d_ends_group.eq(rom_read.data[-1]),
                self.valid.eq(d_valid),
                self.ends_group.eq(d_ends_group),
                self.weights.eq(d_weights),
            ]
            m.d.comb += released.eq(d_moved)
            for tap in taps:
                m.d.sync += [
                    d_outside[tap].eq(outside[tap]),
                    d_weights[tap].as_value().eq(entries[tap].weights.as_value()),
                    self.data[tap].as_value().eq(Mux(d_outside[tap], 0, reads[tap].data)),
                ]
        return m


def _edges(walk: Walk, x: Value | int, y: Value | int, end_x: Value | int, end_y: Value | int) -> list[Value]:
    """Which taps are outside at an output position, as the entries of a schedule say it, rows first."""
    rows = Edges.of(walk.rows, walk.depth, y, end_y)
    return rows.flags() + Edges.of(walk.columns, walk.depth, x, end_x).flags()


def _added(value: Signal, change: Value, one_more: Value) -> Value:
    """``value + change + one_more`` with a single adder, whose lowest place carries the bit in."""
    return (Cat(1, value).as_signed() + Cat(one_more, change).as_signed())[1:]
