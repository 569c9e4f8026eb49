"""AXI-Stream core: the image accelerator between two streams of AMBA AXI4-Stream."""

from amaranth.hdl import Cat, ClockDomain, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out

from hw.frontend.variant import Sizes
from hw.image_accelerator import ImageAccelerator
from hw.payloads import result_layout
from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.design.layer import PIXEL_BITS

__all__ = ["ACCEPTED", "MALFORMED", "AxiStreamCore", "word_bytes", "word_fields"]

ACCEPTED, MALFORMED = 0, 1
"""Bits of the flags in a result word."""
IMAGES_INSIDE = 4
"""Images whose last pixel was taken and whose result was not: more than front end, array and winner hold."""


def word_fields(design: DesignPoint) -> dict[str, tuple[int, int]]:
    """First byte and number of bytes of each field of a result word, in little-endian order.

    ``label``, ``template``, ``margin``, and ``flags`` with the bits ACCEPTED and MALFORMED.
    """
    sizes = {name: (spec.width + 7) // 8 for name, spec in result_layout(design) if name != "accepted"}
    sizes["flags"] = 1
    starts = [sum(list(sizes.values())[:place]) for place in range(len(sizes))]
    return dict(zip(sizes, zip(starts, sizes.values(), strict=True), strict=True))


def word_bytes(design: DesignPoint) -> int:
    """Bytes of a result word: its fields, filled up to a power of two, as DMA engines want it."""
    used = sum(size for _, size in word_fields(design).values())
    return 1 << (used - 1).bit_length()


class AxiStreamCore(wiring.Component):
    """Images in as packets, one result word out for each.

    Cells cannot be programmed: a pulse rule of the bundle makes nothing here. With read noise the index of
    an image counts from 0 after reset, one more for every packet.

    A packet is one image. One whose end is not where it must be costs its own result and no other:

    - `tlast` too early: the missing pixels count as zeros, and the next pixel begins the next image;
    - no `tlast` at the last pixel: what follows is taken and dropped, until `tlast` has come.

    Either way its result has MALFORMED set and ACCEPTED clear. So every packet has one result, in order.

    Latency and throughput: those of :class:`hw.image_accelerator.ImageAccelerator`, one value per cycle at
    most; missing pixels take their cycles, in which `s_axis_tready` is low. Under back-pressure at
    `m_axis` results wait, then pixels; nothing is lost or changed. No ready of one stream follows from the
    ready of the other within a cycle.

    Parameters
    ----------
    bundle, parallelism
        The classifier, and the sizes of its front end, see :mod:`hw.frontend.variant`.

    Members
    -------
    aclk, aresetn
        Clock of everything; reset, active low, synchronous, for one cycle or more. It ends all images inside.
    s_axis_tvalid, s_axis_tready, s_axis_tdata, s_axis_tlast
        Values of pixels, in the order of :mod:`sw.design.images`; `tlast` with the last one of an image.
    m_axis_tvalid, m_axis_tready, m_axis_tdata, m_axis_tlast
        Results, see :func:`word_fields`; unused bytes are zero. Every word is a packet of its own.
    """

    def __init__(self, bundle: Bundle, parallelism: Sizes):
        self._design = bundle.design
        self._accelerator = ImageAccelerator(bundle.with_array(pulse=None), parallelism)
        super().__init__(
            {
                "aclk": In(1),
                "aresetn": In(1),
                "s_axis_tvalid": In(1),
                "s_axis_tready": Out(1),
                "s_axis_tdata": In(PIXEL_BITS),
                "s_axis_tlast": In(1),
                "m_axis_tvalid": Out(1),
                "m_axis_tready": In(1),
                "m_axis_tdata": Out(8 * word_bytes(bundle.design)),
                "m_axis_tlast": Out(1),
            }
        )

    def elaborate(self, platform):
        """A frame is made whole before the accelerator, and its fault put into its result behind it."""
        m = Module()
        m.domains.sync = sync = ClockDomain(local=True)
        m.d.comb += [sync.clk.eq(self.aclk), sync.rst.eq(~self.aresetn)]
        m.submodules.accelerator = accelerator = self._accelerator
        m.submodules.faults = faults = SyncFIFO(width=1, depth=IMAGES_INSIDE)

        count = self._design.image_size.values
        position = Signal(range(count))
        is_last = Signal()
        filling = Signal()  # the packet ended too early
        dropping = Signal()  # it goes on after its image
        room = Signal()
        offered = Signal()
        taken = Signal()
        ends = Signal()
        m.d.comb += [
            is_last.eq(position == count - 1),
            # The last pixel waits until its fault has a place; AXI wants both valids low during reset.
            room.eq(self.aresetn & (~is_last | faults.w_rdy)),
            offered.eq(Mux(filling, 1, self.s_axis_tvalid & ~dropping)),
            accelerator.pixels.valid.eq(offered & room),
            accelerator.pixels.payload.eq(Mux(filling, 0, self.s_axis_tdata)),
            taken.eq(accelerator.pixels.valid & accelerator.pixels.ready),
            self.s_axis_tready.eq(
                Mux(dropping, self.aresetn, ~filling & room & accelerator.pixels.ready),
            ),
            ends.eq(self.s_axis_tlast),
            faults.w_en.eq(taken & is_last),
            faults.w_data.eq(filling | ~ends),
        ]
        with m.If(taken):
            m.d.sync += position.eq(Mux(is_last, 0, position + 1))
            with m.If(filling):
                m.d.sync += filling.eq(~is_last)
            with m.Else():
                m.d.sync += [filling.eq(ends & ~is_last), dropping.eq(~ends & is_last)]
        with m.If(dropping & self.s_axis_tvalid & ends):
            m.d.sync += dropping.eq(0)

        result = accelerator.result
        m.d.comb += [
            self.m_axis_tvalid.eq(result.valid & faults.r_rdy & self.aresetn),
            self.m_axis_tdata.eq(self._word(result.payload, faults.r_data)),
            self.m_axis_tlast.eq(1),
            result.ready.eq(self.m_axis_tready & faults.r_rdy & self.aresetn),
            faults.r_en.eq(result.valid & result.ready),
        ]
        return m

    def _word(self, payload, malformed):
        flags = Cat(payload.accepted & ~malformed, malformed)
        parts = []
        for name, (_, size) in word_fields(self._design).items():
            value = flags if name == "flags" else payload[name]
            parts += [value, Const(0, 8 * size - len(value))]
        return Cat(*parts)
