"""Controller: serves the host's requests, see :mod:`hw.protocol`."""

from amaranth.hdl import Array, Cat, Const, Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.payloads import index_bits, result_layout
from hw.protocol import ANSWER_BYTES, IDENTITY_BYTES, SCORE_BYTES, UNKNOWN, Opcode, identity_of
from sw.bundle import Bundle

__all__ = ["Controller"]


class Controller(wiring.Component):
    """Request bytes in, answer bytes out, one request at a time.

    A request byte that arrives while an answer is being sent waits in the receiver. Under back-pressure on
    `o` the answer waits.

    Parameters
    ----------
    bundle
        Identity and sizes.
    with_front_end
        Serve IMAGE; if not, LOAD and CLASSIFY.

    Members
    -------
    i, o
        Bytes from and to the host.
    data
        Data bytes: pixels for the front end, or features for the feature buffer.
    loaded, start
        The feature buffer's handshake; without meaning for a chip with a front end.
    result
        Answers of the accelerator; the last one is kept.
    score_address, score
        Score memory of the accelerator.
    busy
        A request is being served.
    """

    def __init__(self, bundle: Bundle, *, with_front_end: bool = False):
        self._bundle = bundle
        self._with_front_end = with_front_end
        self._design = design = bundle.design
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "o": Out(stream.Signature(8)),
                "data": Out(stream.Signature(8)),
                "loaded": In(1),
                "start": Out(1),
                "result": In(stream.Signature(result_layout(design))),
                "score_address": Out(index_bits(design.templates)),
                "score": In(unsigned(design.max_score.bit_length())),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """One state per request, one more to send each kind of answer."""
        m = Module()
        design = self._design
        identity = identity_of(self._bundle, with_front_end=self._with_front_end).to_bytes()
        identity_bytes = Array(Const(byte, 8) for byte in identity)
        result = Signal(result_layout(design))
        answer = Cat(
            _padded(m, result.accepted, 8),
            _padded(m, result.label, 16),
            _padded(m, result.template, 16),
            _padded(m, result.margin, 32),
        )
        score = _padded(m, self.score, 8 * SCORE_BYTES)
        position = Signal(range(max(IDENTITY_BYTES, ANSWER_BYTES)))

        def send(byte, then):
            m.d.comb += [self.o.payload.eq(byte), self.o.valid.eq(1)]
            with m.If(self.o.ready):
                then()

        def send_block(byte, length, then):
            def next_byte():
                m.d.sync += position.eq(position + 1)
                with m.If(position == length - 1):
                    m.d.sync += position.eq(0)
                    then()

            send(byte, next_byte)

        def to_ready():
            m.next = "READY"

        pass_data = [
            self.data.payload.eq(self.i.payload),
            self.data.valid.eq(self.i.valid),
            self.i.ready.eq(self.data.ready),
        ]
        m.d.comb += self.busy.eq(1)
        with m.FSM():
            with m.State("READY"):
                m.d.comb += [self.busy.eq(0), self.i.ready.eq(1)]
                with m.If(self.i.valid), m.Switch(self.i.payload):
                    with m.Case(Opcode.IDENTIFY):
                        m.next = "SEND_IDENTITY"
                    if self._with_front_end:
                        with m.Case(Opcode.IMAGE):
                            m.next = "IMAGE"
                    else:
                        with m.Case(Opcode.LOAD):
                            m.next = "LOAD"
                        with m.Case(Opcode.CLASSIFY):
                            m.d.comb += self.start.eq(1)
                            m.next = "CLASSIFY"
                    with m.Case(Opcode.RESULT):
                        m.next = "SEND_ANSWER"
                    with m.Case(Opcode.SCORES):
                        m.next = "READ_SCORE"
                    with m.Default():
                        m.next = "SEND_UNKNOWN"
            with m.State("SEND_IDENTITY"):
                send_block(identity_bytes[position], IDENTITY_BYTES, to_ready)
            if self._with_front_end:
                pixel = Signal(range(design.height * design.width))
                with m.State("IMAGE"):
                    m.d.comb += pass_data
                    with m.If(self.i.valid & self.i.ready):
                        m.d.sync += pixel.eq(pixel + 1)
                        with m.If(pixel == design.height * design.width - 1):
                            m.d.sync += pixel.eq(0)
                            m.next = "CLASSIFY"
            else:
                with m.State("LOAD"):
                    m.d.comb += pass_data
                    with m.If(self.loaded):
                        m.next = "SEND_LOADED"
                with m.State("SEND_LOADED"):
                    send(Const(Opcode.LOAD, 8), to_ready)
            with m.State("CLASSIFY"):
                m.d.comb += self.result.ready.eq(1)
                with m.If(self.result.valid):
                    m.d.sync += result.eq(self.result.payload)
                    m.next = "SEND_ANSWER"
            with m.State("SEND_ANSWER"):
                send_block(answer.word_select(position, 8), ANSWER_BYTES, to_ready)
            with m.State("READ_SCORE"):
                m.next = "SEND_SCORE"
            with m.State("SEND_SCORE"):

                def next_score():
                    m.d.sync += self.score_address.eq(self.score_address + 1)
                    m.next = "READ_SCORE"
                    with m.If(self.score_address == design.templates - 1):
                        m.d.sync += self.score_address.eq(0)
                        m.next = "READY"

                send_block(score.word_select(position, 8), SCORE_BYTES, next_score)
            with m.State("SEND_UNKNOWN"):
                send(Const(UNKNOWN, 8), to_ready)
        return m


def _padded(m: Module, value, width: int) -> Signal:
    """`value` in a field of `width` bits of the answer."""
    assert len(value) <= width, (len(value), width)
    field = Signal(width)
    m.d.comb += field.eq(value)
    return field
