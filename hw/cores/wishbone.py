"""Wishbone core: the image accelerator behind registers on a classic Wishbone bus."""

from amaranth.hdl import Cat, Module, Mux, ResetInserter, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.cores.registers import Control, Offset, Status, identity
from hw.frontend.variant import Sizes
from hw.image_accelerator import ImageAccelerator
from hw.optional import has_port
from hw.payloads import result_layout
from sw.bundle import Bundle

__all__ = ["WishboneCore"]

BYTES = 4
"""In a word of the bus."""
MOST_INSIDE = 2
"""Images that were begun and whose result is not done with. Of two, one waits as a result and the other goes
through all of the accelerator without it. A third could stop with its pixels on the bus, and software that
waits there would never take the result that holds it up."""


class WishboneCore(wiring.Component):
    """A slave of classic Wishbone B4: 32 bits wide, bytes can be selected, registered feedback, no bursts.

    Registers: :class:`hw.cores.registers.Offset`. Cells cannot be programmed: a pulse rule of the bundle
    makes nothing here.

    Every access is answered by `wb_ack_o`: in the next cycle, but for `pixels`, where a write waits until the
    pixels of the last one are inside the accelerator. That always comes, so the bus is never held for ever:
    pixels of an image for which there is no room are not waited for but dropped, and `error` tells. It also
    tells of a write that is not of a whole word, to a register that cannot be written, or of an index while
    an image is inside, or without read noise; all these do nothing. Registers that are only written read 0.

    Throughput: an access in two cycles, four pixels in five; or as the accelerator takes them. Latency: that
    of :class:`hw.image_accelerator.ImageAccelerator`, and two cycles.

    Parameters
    ----------
    bundle, parallelism
        The classifier, and the sizes of its front end, see :mod:`hw.frontend.variant`.

    Members
    -------
    wb_cyc_i, wb_stb_i, wb_we_i, wb_sel_i, wb_adr_i, wb_dat_i, wb_dat_o, wb_ack_o
        The bus. `wb_adr_i` counts bytes; its two lowest bits have no effect.
    irq_o
        High while there is a result.
    """

    def __init__(self, bundle: Bundle, parallelism: Sizes):
        self._bundle = bundle
        self._accelerator = ImageAccelerator(bundle.with_array(pulse=None), parallelism)
        super().__init__(
            {
                "wb_cyc_i": In(1),
                "wb_stb_i": In(1),
                "wb_we_i": In(1),
                "wb_sel_i": In(BYTES),
                "wb_adr_i": In(range(max(Offset) + BYTES)),
                "wb_dat_i": In(8 * BYTES),
                "wb_dat_o": Out(8 * BYTES),
                "wb_ack_o": Out(1),
                "irq_o": Out(1),
            }
        )

    def elaborate(self, platform):
        """The bus on one side, pixels and results on the other."""
        m = Module()
        design = self._bundle.design
        accelerator = self._accelerator
        reset = Signal()
        m.submodules.accelerator = ResetInserter(reset)(accelerator)

        pixels = Signal(8 * BYTES)
        waiting = Signal(BYTES)  # which bytes of it are still to go
        position = Signal(range(design.image_size.values))
        inside = Signal(range(MOST_INSIDE + 1))
        full, begins, done = Signal(), Signal(), Signal()
        held = Signal()
        result = {name: Signal(spec.width, name=f"result_{name}") for name, spec in result_layout(design)}
        scored = Signal()
        select = Signal.like(accelerator.score_address)
        error = Signal()

        # Pixels: the lowest waiting byte is offered, unless it begins an image for which there is no room.
        offered = Signal(range(BYTES))
        for byte in reversed(range(BYTES)):
            with m.If(waiting[byte]):
                m.d.comb += offered.eq(byte)
        m.d.comb += [
            full.eq((position == 0) & (inside == MOST_INSIDE)),
            accelerator.pixels.valid.eq(waiting.any() & ~full),
            accelerator.pixels.payload.eq(pixels.word_select(offered, 8)),
        ]
        with m.If(waiting.any() & full):
            m.d.sync += [waiting.eq(0), error.eq(1)]
        with m.Elif(accelerator.pixels.valid & accelerator.pixels.ready):
            last = position == design.image_size.values - 1
            m.d.comb += begins.eq(position == 0)
            m.d.sync += [
                waiting.eq(waiting & (waiting - 1)),
                position.eq(Mux(last, 0, position + 1)),
                scored.eq(0),
            ]

        # Results: one is held for the bus, the next waits in the accelerator.
        m.d.comb += accelerator.result.ready.eq(~held)
        with m.If(accelerator.result.valid & ~held):
            m.d.sync += [held.eq(1), scored.eq((inside == 1) & ~begins)]
            m.d.sync += [value.eq(accelerator.result.payload[name]) for name, value in result.items()]
        m.d.sync += inside.eq(inside + begins - done)

        # The bus: an access is done in the cycle before its acknowledgement.
        place = self.wb_adr_i[2:]
        access, write, whole = Signal(), Signal(), Signal()
        m.d.comb += [
            access.eq(self.wb_cyc_i & self.wb_stb_i & ~self.wb_ack_o),
            whole.eq(self.wb_sel_i.all()),
        ]
        with m.If(access):
            m.d.comb += write.eq(self.wb_we_i)
        acts = Signal(len(Control))
        m.d.sync += self.wb_ack_o.eq(access)
        with m.If(write):
            with m.Switch(place):
                with m.Case(Offset.pixels // BYTES):
                    with m.If(waiting.any()):
                        m.d.sync += self.wb_ack_o.eq(0)
                    with m.Else():
                        m.d.sync += [pixels.eq(self.wb_dat_i), waiting.eq(self.wb_sel_i)]
                with m.Case(Offset.control // BYTES):
                    with m.If(whole):
                        m.d.comb += acts.eq(self.wb_dat_i)
                with m.Case(Offset.select // BYTES):
                    with m.If(whole):
                        m.d.sync += select.eq(self.wb_dat_i)
                if has_port(accelerator, "next_image"):
                    with m.Case(Offset.index // BYTES):
                        with m.If((inside == 0) & ~waiting.any() & whole):
                            m.d.comb += accelerator.next_image.valid.eq(1)
                        with m.Else():
                            m.d.sync += error.eq(1)
                with m.Default():
                    m.d.sync += error.eq(1)
            with m.If(~whole & (place != Offset.pixels // BYTES)):
                m.d.sync += error.eq(1)
        if has_port(accelerator, "next_image"):
            m.d.comb += accelerator.next_image.payload.eq(self.wb_dat_i)
        m.d.comb += accelerator.score_address.eq(select)
        with m.If(acts[_place(Control.taken)] & held):
            m.d.comb += done.eq(1)
            m.d.sync += held.eq(0)
        with m.If(acts[_place(Control.clear)]):
            m.d.sync += error.eq(0)
        # A register in between: the bus is far away, and the reset reaches everything.
        m.d.sync += reset.eq(acts[_place(Control.reset)])
        with m.If(reset):
            m.d.sync += [state.eq(0) for state in (waiting, position, inside, held, scored, error)]

        values = identity(self._bundle)
        flags = {
            Status.result: held,
            Status.scores: scored,
            Status.room: (inside != MOST_INSIDE) & ~waiting.any(),
            Status.error: error,
        }
        status = Cat(flags[bit] for bit in Status)
        with m.If(access):
            with m.Switch(place):
                for offset, value in values.items():
                    with m.Case(offset // BYTES):
                        m.d.sync += self.wb_dat_o.eq(value)
                with m.Case(Offset.status // BYTES):
                    m.d.sync += self.wb_dat_o.eq(status)
                for name, value in result.items():
                    with m.Case(Offset[name] // BYTES):
                        m.d.sync += self.wb_dat_o.eq(value)
                with m.Case(Offset.score // BYTES):
                    m.d.sync += self.wb_dat_o.eq(accelerator.score)
                with m.Default():
                    m.d.sync += self.wb_dat_o.eq(0)
        m.d.comb += self.irq_o.eq(held)
        return m


def _place(bit: Control) -> int:
    """Number of a bit, from 0."""
    return bit.bit_length() - 1
