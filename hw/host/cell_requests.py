"""Cell requests: what a host may ask about single cells of a chip that can be programmed."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.arith import padded
from hw.array.programming.programmer import host_ports
from hw.host.protocol import CELL_ARGUMENT_BYTES, NO_ROOM, NOT_READY, UNKNOWN, WRITTEN_BYTES, Opcode
from hw.payloads import CellOperation
from sw.design import DesignPoint

__all__ = ["CellRequests"]

CODES_AT, CODES_END = 1, 2
"""Bytes of the answer to WRITE that are the two codes."""


class CellRequests(wiring.Component):
    """Serves WRITE, CODES and FAULT, see :mod:`hw.host.protocol`, once their opcode has come.

    Latency: an answer begins 2 cycles after the last argument, or after that what the programmer takes, and
    goes on as fast as `o` takes it. Under back-pressure the programmer's answer waits with it.

    Parameters
    ----------
    design
        Gives sizes.

    Members
    -------
    start, opcode
        Serve this request; `opcode` counts in the cycle of `start`.
    i, o
        Arguments and answers.
    waiting
        Arguments are to come.
    drop
        Give up the request while it waits for arguments: `done` without an answer.
    done
        The last byte of the answer is taken in this cycle, or with CODES was in the one before.
    ready
        The chip can be used; looked at when all arguments are there.
    write, written, failures
        A :class:`hw.array.programming.programmer.Programmer`.
    """

    def __init__(self, design: DesignPoint):
        self._design = design
        super().__init__(
            {
                "start": In(1),
                "opcode": In(8),
                "i": In(stream.Signature(8)),
                "o": Out(stream.Signature(8)),
                "waiting": Out(1),
                "drop": In(1),
                "done": Out(1),
                "ready": In(1),
                **host_ports(design),
            }
        )

    def elaborate(self, platform):
        """The arguments stay in a shift register, the answer with the programmer, while bytes go out."""
        m = Module()
        design, written = self._design, self.written.payload
        writing, reading = Signal(), Signal()
        line, row, first, second = Signal(16), Signal(16), Signal(8), Signal(8)
        arguments = Cat(line, row, first, second)
        rows = Cat(first, second)
        place = Signal(range(max(CELL_ARGUMENT_BYTES, WRITTEN_BYTES)))
        status = Signal(8)

        request = self.write.payload
        m.d.comb += [
            request.row.eq(row),
            request.match_line.eq(line),
            request.targets[0].eq(first),
            request.targets[1].eq(second),
            request.device.eq(first),
            request.fault.eq(second),
            request.operation.eq(
                Mux(
                    writing,
                    CellOperation.WRITE,
                    Mux(reading, CellOperation.READ, CellOperation.FAULT),
                )
            ),
        ]
        known = Signal()
        behind = Signal(17)
        m.d.comb += [behind.eq(row + Mux(reading, rows, 1))]
        limits = (line < design.templates) & (behind <= design.features)
        with m.If(writing):
            m.d.comb += known.eq(limits & (first <= design.max_code) & (second <= design.max_code))
        with m.Elif(reading):
            m.d.comb += known.eq(limits)
        with m.Else():
            m.d.comb += known.eq(limits & (first < 2) & (second != 0) & (second < 4))

        block = Cat(
            status,
            padded(m, written.codes[0], 8),
            padded(m, written.codes[1], 8),
            padded(m, written.failed, 8),
            padded(m, written.sets, 16),
            padded(m, written.resets, 16),
            padded(m, self.failures, 16),
        )
        m.d.comb += self.o.payload.eq(block.word_select(place, 8))

        def finish():
            m.d.comb += self.done.eq(1)
            m.next = "READY"

        with m.FSM():
            with m.State("READY"):
                m.d.sync += place.eq(0)
                with m.If(self.start):
                    m.d.sync += [
                        writing.eq(self.opcode == Opcode.WRITE),
                        reading.eq(self.opcode == Opcode.CODES),
                        status.eq(self.opcode),
                    ]
                    m.next = "ARGUMENTS"
            with m.State("ARGUMENTS"):
                m.d.comb += [self.i.ready.eq(1), self.waiting.eq(1)]
                with m.If(self.drop):
                    finish()
                with m.Elif(self.i.valid):
                    m.d.sync += [arguments.eq(Cat(arguments[8:], self.i.payload)), place.eq(place + 1)]
                    with m.If(place == CELL_ARGUMENT_BYTES - 1):
                        m.d.sync += place.eq(0)
                        m.next = "CHECK"
            with m.State("CHECK"):
                m.next = "ASK"
                with m.If(reading):
                    m.next = "SEND_STATUS"
                with m.If(~known | ~self.ready):
                    m.d.sync += status.eq(Mux(self.ready, UNKNOWN, NOT_READY))
                    m.next = "SEND_REFUSAL"
            with m.State("SEND_REFUSAL"):
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready):
                    finish()
            with m.State("SEND_STATUS"):
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready):
                    m.d.sync += place.eq(CODES_AT)
                    m.next = "NEXT_ROW"
            with m.State("NEXT_ROW"):
                m.next = "ASK"
                with m.If(rows == 0):
                    finish()
            with m.State("ASK"):
                m.d.comb += self.write.valid.eq(1)
                with m.If(self.written.valid):
                    with m.If(written.refused):
                        m.d.sync += status.eq(NO_ROOM)
                    m.next = "SEND"
            with m.State("SEND"):
                m.d.comb += [self.write.valid.eq(1), self.o.valid.eq(1)]
                with m.If(self.o.ready):
                    m.d.sync += place.eq(place + 1)
                    with m.If(reading & (place == CODES_END)):
                        m.d.comb += self.written.ready.eq(1)
                        m.d.sync += [place.eq(CODES_AT), row.eq(row + 1), rows.eq(rows - 1)]
                        m.next = "NEXT_ROW"
                    with m.If(~reading & (~writing | (place == WRITTEN_BYTES - 1))):
                        m.d.comb += self.written.ready.eq(1)
                        finish()
        return m
