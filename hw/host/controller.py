"""Controller: serves the host's requests, see :mod:`hw.host.protocol`."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, flipped

from hw.arith import padded
from hw.host.cell_requests import CellRequests
from hw.host.protocol import (
    ANSWER_BYTES,
    IDENTITY_BYTES,
    INDEX_BYTES,
    NOT_READY,
    SCORE_BYTES,
    UNKNOWN,
    Opcode,
    identity_of,
)
from hw.optional import connect_optional, has_port, optional_ports
from hw.payloads import index_bits, next_image_port, result_layout
from sw.bundle import Bundle

__all__ = ["Controller"]


class Controller(wiring.Component):
    """Request bytes in, answer bytes out, one request at a time.

    A request byte that arrives while an answer is being sent waits in the receiver. Under back-pressure on
    `o` the answer waits. With `drop` a request that waits for its data ends without an answer. Front end and
    feature buffer cannot forget half an image, so it is filled up with zeros.

    Parameters
    ----------
    bundle
        Identity and sizes.
    with_front_end
        Serve IMAGE; if not, LOAD and CLASSIFY.
    loads_codes
        The chip is not ready at first.

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
    write, written, failures
        With a pulse rule: the accelerator's :class:`hw.array.programming.programmer.Programmer`.
    next_image
        With read noise: the index that the host sets, in the cycle in which its answer is sent.
    ready
        The accelerator can be used; looked at when a request begins, for cells when all its arguments are
        there. Without meaning unless `loads_codes`.
    busy
        A request is being served.
    waiting, drop
        A :class:`hw.host.guard.RequestGuard`.
    """

    def __init__(self, bundle: Bundle, *, with_front_end: bool = False, loads_codes: bool = False):
        self._bundle = bundle
        self._with_front_end = with_front_end
        self._loads_codes = loads_codes
        self._design = design = bundle.design
        self._cells = CellRequests(design) if bundle.array.pulse is not None else None
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
                "ready": In(1),
                "busy": Out(1),
                "waiting": Out(1),
                "drop": In(1),
                **optional_ports(self._cells),
                **({"next_image": Out(next_image_port())} if bundle.array.read_noise is not None else {}),
            }
        )

    def elaborate(self, platform):
        """One state per request, one more to send each kind of answer."""
        m = Module()
        design = self._design
        identity = identity_of(self._bundle, with_front_end=self._with_front_end).to_bytes()
        identity_bytes = Array(Const(byte, 8) for byte in identity)
        if self._loads_codes:
            identity_bytes = Array([*identity_bytes[:-1], padded(m, self.ready, 8)])
        result = Signal(result_layout(design))
        answer = Cat(
            padded(m, result.accepted, 8),
            padded(m, result.label, 16),
            padded(m, result.template, 16),
            padded(m, result.margin, 32),
        )
        kept_score = Signal.like(self.score)
        score = padded(m, kept_score, 8 * SCORE_BYTES)
        position = Signal(range(max(IDENTITY_BYTES, ANSWER_BYTES)))

        # A byte is picked in one cycle and offered from the next, because there are many to pick from.
        picked, byte_picked = Signal(), Signal(8)
        m.d.comb += [self.o.payload.eq(byte_picked), self.o.valid.eq(picked)]
        m.d.sync += picked.eq(0)

        def send(byte, then):
            m.d.sync += [byte_picked.eq(byte), picked.eq(~(picked & self.o.ready))]
            with m.If(picked & self.o.ready):
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

        def answer_from(state):
            m.next = state
            with m.If(self.drop):
                m.next = "READY"

        pass_data = [
            self.data.payload.eq(Mux(self.drop, 0, self.i.payload)),
            self.data.valid.eq(self.i.valid | self.drop),
            self.i.ready.eq(self.data.ready),
            self.waiting.eq(1),
        ]
        ready = self.ready if self._loads_codes else Const(1)
        cells = self._cells
        if cells is not None:
            m.submodules.cells = cells
            connect_optional(m, flipped(self), cells)
            m.d.comb += [
                cells.ready.eq(ready),
                cells.opcode.eq(self.i.payload),
                cells.i.payload.eq(self.i.payload),
                cells.drop.eq(self.drop),
            ]

        def when_ready(state, otherwise="SEND_NOT_READY"):
            m.next = state
            if self._loads_codes:
                with m.If(~ready):
                    m.next = otherwise

        # What a byte asks for is looked up while it waits, and the state follows in the next cycle: both
        # together, with all requests and all states to tell apart, would take most of a cycle.
        numbers = {opcode: number for number, opcode in enumerate(Opcode)}
        asked, looked_up = Signal(range(len(numbers) + 1)), Signal()
        m.d.sync += [asked.eq(len(numbers)), looked_up.eq(self.i.valid & ~self.i.ready)]
        with m.Switch(self.i.payload):
            for opcode, number in numbers.items():
                with m.Case(opcode):
                    m.d.sync += asked.eq(number)

        def asks_for(*requests):
            return m.Case(*(numbers[request] for request in requests))

        m.d.comb += self.busy.eq(1)
        with m.FSM():
            with m.State("READY"):
                m.d.comb += [self.busy.eq(0), self.i.ready.eq(looked_up)]
                with m.If(self.i.valid & looked_up), m.Switch(asked):
                    with asks_for(Opcode.IDENTIFY):
                        m.next = "SEND_IDENTITY"
                    if self._with_front_end:
                        with asks_for(Opcode.IMAGE):
                            when_ready("IMAGE", "DROP_IMAGE")
                    else:
                        with asks_for(Opcode.LOAD):
                            m.next = "LOAD"
                        with asks_for(Opcode.CLASSIFY):
                            m.d.comb += self.start.eq(ready)
                            when_ready("CLASSIFY")
                    with asks_for(Opcode.RESULT):
                        when_ready("SEND_ANSWER")
                    with asks_for(Opcode.SCORES):
                        when_ready("READ_SCORE")
                    if cells is not None:
                        with asks_for(Opcode.WRITE, Opcode.CODES, Opcode.FAULT):
                            m.d.comb += cells.start.eq(1)
                            m.next = "CELLS"
                    if has_port(self, "next_image"):
                        with asks_for(Opcode.INDEX):
                            m.next = "INDEX"
                    with m.Default():
                        m.next = "SEND_UNKNOWN"
            with m.State("SEND_IDENTITY"):
                send_block(identity_bytes[position], IDENTITY_BYTES, to_ready)
            if self._with_front_end:
                values = design.image_size.values
                pixel = Signal(range(values))

                def count_pixels(then):
                    m.d.sync += pixel.eq(pixel + 1)
                    with m.If(pixel == values - 1):
                        m.d.sync += pixel.eq(0)
                        then()

                def classify():
                    m.next = "CLASSIFY"

                with m.State("IMAGE"):
                    m.d.comb += pass_data
                    with m.If(self.data.valid & self.data.ready):
                        count_pixels(classify)
                if self._loads_codes:
                    with m.State("DROP_IMAGE"):
                        m.d.comb += [self.i.ready.eq(1), self.waiting.eq(1)]
                        with m.If(self.i.valid | self.drop):
                            count_pixels(lambda: answer_from("SEND_NOT_READY"))
            else:
                with m.State("LOAD"):
                    m.d.comb += pass_data
                    with m.If(self.loaded):
                        answer_from("SEND_LOADED")
                with m.State("SEND_LOADED"):
                    send(Const(Opcode.LOAD, 8), to_ready)
            with m.State("CLASSIFY"):
                m.d.comb += self.result.ready.eq(1)
                with m.If(self.result.valid):
                    m.d.sync += result.eq(self.result.payload)
                    answer_from("SEND_ANSWER")
            with m.State("SEND_ANSWER"):
                send_block(answer.word_select(position, 8), ANSWER_BYTES, to_ready)
            with m.State("READ_SCORE"):
                m.next = "KEEP_SCORE"
            with m.State("KEEP_SCORE"):
                m.d.sync += kept_score.eq(self.score)
                m.next = "SEND_SCORE"
            with m.State("SEND_SCORE"):

                def next_score():
                    m.d.sync += self.score_address.eq(self.score_address + 1)
                    m.next = "READ_SCORE"
                    with m.If(self.score_address == design.templates - 1):
                        m.d.sync += self.score_address.eq(0)
                        m.next = "READY"

                send_block(score.word_select(position, 8), SCORE_BYTES, next_score)
            if has_port(self, "next_image"):
                index = self.next_image.payload

                def set_index():
                    m.d.comb += self.next_image.valid.eq(1)
                    m.next = "READY"

                with m.State("INDEX"):
                    m.d.comb += [self.i.ready.eq(1), self.waiting.eq(1)]
                    with m.If(self.drop):
                        m.d.sync += position.eq(0)
                        m.next = "READY"
                    with m.Elif(self.i.valid):
                        m.d.sync += [index.eq(Cat(index[8:], self.i.payload)), position.eq(position + 1)]
                        with m.If(position == INDEX_BYTES - 1):
                            m.d.sync += position.eq(0)
                            m.next = "SEND_INDEX"
                with m.State("SEND_INDEX"):
                    send(Const(Opcode.INDEX, 8), set_index)
            with m.State("SEND_UNKNOWN"):
                send(Const(UNKNOWN, 8), to_ready)
            if cells is not None:
                with m.State("CELLS"):
                    m.d.comb += [
                        cells.i.valid.eq(self.i.valid),
                        self.i.ready.eq(cells.i.ready),
                        self.o.payload.eq(cells.o.payload),
                        self.o.valid.eq(cells.o.valid),
                        cells.o.ready.eq(self.o.ready),
                        self.waiting.eq(cells.waiting),
                    ]
                    with m.If(cells.done):
                        m.next = "READY"
            if self._loads_codes:
                with m.State("SEND_NOT_READY"):
                    send(Const(NOT_READY, 8), to_ready)
        return m
