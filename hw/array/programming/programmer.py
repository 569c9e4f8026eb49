"""Programmer: write-verify through the programming port of the array."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.payloads import (
    CellOperation,
    ProgramOperation,
    program_layout,
    programmed_shape,
    write_layout,
    written_layout,
)
from sw.design import DesignPoint
from sw.reference.pulse import PulseRule

__all__ = ["FAILURE_BITS", "Programmer", "host_ports", "programmer_ports"]

FAILURE_BITS = 16


def programmer_ports(design: DesignPoint) -> dict[str, wiring.Member]:
    """Ports of a :class:`Programmer` for whoever wants cells programmed."""
    return {
        "write": In(stream.Signature(write_layout(design))),
        "written": Out(stream.Signature(written_layout(design))),
        "failures": Out(FAILURE_BITS),
    }


def host_ports(design: DesignPoint) -> dict[str, wiring.Member]:
    """The ports of whoever wants cells programmed: :func:`programmer_ports` from the other side."""
    return {name: member.flip() for name, member in programmer_ports(design).items()}


class Programmer(wiring.Component):
    """Serves requests for whole cells with requests for single devices.

    WRITE does to each device what :func:`sw.reference.pulse.write_verify` does: read it, and until it is
    within the tolerance, pulse it towards its target, with an amplitude that grows from pulse to pulse in one
    direction, at most `max_pulses` times. Every request to the array is answered with the code after it, so a
    pulse needs no READ behind it.

    Latency: 1 cycle, then for each request to the array 2 and those of the array. Where the array finds the
    cell at once and no fault is listed, a cell that needs no pulse is answered after 21 cycles, 1 + 2 x 10,
    and each pulse takes 73. Throughput: one cell at a time. Under back-pressure on `written` the next request
    waits.

    The array serves a request only while no image is inside, and does not keep images out between two of
    them: where images come back to back, `written` may never come.

    Parameters
    ----------
    design
        Gives all widths.
    rule
        Amplitudes, tolerance and number of pulses.

    Members
    -------
    write, written
        Requests and their results, in order; a request is taken in the cycle of its answer.
    program, programmed
        The programming port, see :class:`hw.payloads.ArraySeam`.
    failures
        Devices that WRITE did not bring to their target since reset, up to 2**16 - 1.
    """

    def __init__(self, design: DesignPoint, rule: PulseRule):
        self._design = design
        self._rule = rule
        super().__init__(
            {
                "program": Out(stream.Signature(program_layout(design, pulse=True))),
                "programmed": In(stream.Signature(programmed_shape(design, pulse=True))),
                **programmer_ports(design),
            }
        )

    def elaborate(self, platform):
        """Ask, take the code, judge it; for device 0, then for device 1."""
        m = Module()
        rule, bits = self._rule, self._design.cell_bits
        request, answer, ask = self.write.payload, self.written.payload, self.program.payload

        second = Signal()
        number = Signal(8)
        amplitude = Signal(8)
        upwards = Signal()
        writing = Signal()
        single = Signal()
        m.d.comb += [
            writing.eq(request.operation == CellOperation.WRITE),
            single.eq(request.operation == CellOperation.FAULT),
            ask.device.eq(Mux(single, request.device, second)),
            ask.row.eq(request.row),
            ask.match_line.eq(request.match_line),
            ask.amplitude.eq(amplitude),
            ask.number.eq(number),
        ]
        with m.If(single):
            m.d.comb += ask.fault.eq(request.fault)
        with m.If(number != 0):
            m.d.comb += ask.operation.eq(Mux(upwards, ProgramOperation.SET, ProgramOperation.RESET))

        code, target = Signal(bits), Signal(bits)
        below, same_way, accepted = Signal(), Signal(), Signal()
        distance = Signal(bits)
        grown = Signal(9)
        m.d.comb += [
            code.eq(answer.codes[second]),
            target.eq(request.targets[second]),
            below.eq(code < target),
            distance.eq(Mux(below, target - code, code - target)),
            accepted.eq(~writing | (distance <= rule.tolerance)),
            same_way.eq((number != 0) & (below == upwards)),
            grown.eq(amplitude + rule.amplitude_step),
        ]

        with m.FSM():
            with m.State("READY"):
                m.d.sync += [answer.eq(0), second.eq(0), number.eq(0)]
                with m.If(self.write.valid):
                    m.next = "ASK"
            with m.State("ASK"):
                m.d.comb += self.program.valid.eq(1)
                with m.If(self.program.ready):
                    m.next = "TAKE"
            with m.State("TAKE"):
                m.d.comb += self.programmed.ready.eq(1)
                m.d.sync += [
                    answer.codes[second].eq(self.programmed.payload.code),
                    answer.refused.eq(self.programmed.payload.refused),
                ]
                with m.If(self.programmed.valid):
                    m.next = "JUDGE"
            with m.State("JUDGE"):
                with m.If(~accepted & (number != rule.max_pulses)):
                    m.d.sync += [
                        number.eq(number + 1),
                        upwards.eq(below),
                        amplitude.eq(Mux(same_way, Mux(grown > 255, 255, grown), rule.start_amplitude)),
                    ]
                    with m.If(below):
                        m.d.sync += answer.sets.eq(answer.sets + 1)
                    with m.Else():
                        m.d.sync += answer.resets.eq(answer.resets + 1)
                    m.next = "ASK"
                with m.Else():
                    m.d.sync += [answer.failed.bit_select(second, 1).eq(~accepted), number.eq(0)]
                    with m.If(~accepted & ~self.failures.all()):
                        m.d.sync += self.failures.eq(self.failures + 1)
                    m.d.sync += second.eq(1)
                    m.next = "ASK"
                    with m.If(second | single):
                        m.next = "ANSWER"
            with m.State("ANSWER"):
                m.d.comb += [self.written.valid.eq(1), self.write.ready.eq(self.written.ready)]
                with m.If(self.written.ready):
                    m.next = "READY"
        return m
