"""Device response: what a programming request makes of the code of one device, with a pulse rule."""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.array.programming.faults import FaultTable
from hw.array.programming.pulse_response import PulseResponse
from hw.payloads import Fault, ProgramOperation, program_layout
from sw.bundle import Bundle

__all__ = ["INJECTED_FAULTS", "DeviceResponse", "fault_address_bits"]

INJECTED_FAULTS = 8
"""Of a chip, at once."""
LINE_PLACE = 17
"""Where the match line begins in a device's counter, see :func:`sw.reference.pulse.device_indices`."""


def fault_address_bits(bundle: Bundle) -> int:
    """Bits of an entry of the fault table: match line, row, device."""
    layout = program_layout(bundle.design, pulse=True)
    return sum(layout[name].width for name in ("match_line", "row", "device"))


class DeviceResponse(wiring.Component):
    """Pulse response and injected faults.

    An injected fault moves the device to the state in which the rule has stuck devices, and from then on
    pulses do nothing to it. Clearing leaves the code as it is. Injecting into a device that has a fault
    already moves it; when all places are taken by other devices, nothing happens and `refused` says so.

    Latency: from `start` to `done` 3 cycles with no fault listed, 2 more for each entry of the fault table
    that is searched, and 63 more for a pulse to a device without an injected fault. There is no
    back-pressure; `after` and `refused` stay until the next `start`.

    Parameters
    ----------
    bundle
        With a pulse rule.
    faults
        Injected faults that can be there at once.

    Members
    -------
    start, request, before
        Work on the request, for a device with that code; all must stay until `done`.
    done, after, refused
        The code afterwards; whether there was no room for the fault.
    """

    def __init__(self, bundle: Bundle, faults: int = INJECTED_FAULTS):
        assert bundle.array.pulse is not None
        self._design, self._rule = bundle.design, bundle.array.pulse
        self._layout = program_layout(bundle.design, pulse=True)
        self._table = FaultTable(faults, fault_address_bits(bundle))
        super().__init__(
            {
                "start": In(1),
                "request": In(self._layout),
                "before": In(bundle.design.cell_bits),
                "done": Out(1),
                "after": Out(bundle.design.cell_bits),
                "refused": Out(1),
            }
        )

    def elaborate(self, platform):
        """First the table, then the pulse."""
        m = Module()
        rule, request = self._rule, self.request
        m.submodules.table = table = self._table
        m.submodules.pulse = pulse = PulseResponse(self._design, rule)
        row = Cat(request.device, request.row)
        m.d.comb += [
            table.address.eq(Cat(row, request.match_line)),
            pulse.state.eq(self.before),
            pulse.upwards.eq(request.operation == ProgramOperation.SET),
            pulse.amplitude.eq(request.amplitude),
            pulse.number.eq(request.number),
            pulse.index.eq(row | request.match_line << LINE_PLACE),
        ]
        with m.FSM():
            with m.State("READY"):
                with m.If(self.start):
                    m.d.sync += [self.after.eq(self.before), self.refused.eq(0)]
                    m.next = "SEARCH"
            with m.State("SEARCH"):
                m.d.comb += table.search.eq(1)
                with m.If(table.done):
                    m.next = "DONE"
                    with m.If((request.operation != ProgramOperation.READ) & ~table.found):
                        m.next = "PULSE"
                    with m.Switch(request.fault):
                        with m.Case(Fault.HRS, Fault.LRS):
                            m.d.comb += table.add.eq(1)
                            m.d.sync += self.refused.eq(table.full)
                            with m.If(~table.full):
                                state = Mux(request.fault == Fault.LRS, rule.lrs_state, rule.hrs_state)
                                m.d.sync += self.after.eq(state)
                        with m.Case(Fault.CLEAR):
                            m.d.comb += table.remove.eq(1)
            with m.State("PULSE"):
                m.d.comb += pulse.start.eq(1)
                with m.If(pulse.done):
                    m.d.sync += self.after.eq(pulse.after)
                    m.next = "DONE"
            with m.State("DONE"):
                m.d.comb += self.done.eq(1)
                m.next = "READY"
        return m
