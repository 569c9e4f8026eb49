"""Cells: the conductance codes of the array in one memory, read in order, programmed one by one."""

from amaranth.hdl import Array, Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.array.codes.code_memory import CodeMemory, load_port
from hw.array.codes.code_walk import CodeWalk
from hw.array.programming.device_response import INJECTED_FAULTS, DeviceResponse
from hw.geometry import ArrayGeometry
from hw.optional import has_port
from hw.payloads import Fault, ProgramOperation, index_bits, program_layout, programmed_shape
from sw.bundle import Bundle

__all__ = ["Cells"]


class Cells(wiring.Component):
    """Code memory and programming port of the behavioural array.

    Entries are read in the order of :meth:`hw.geometry.ArrayGeometry.pack_codes`, over and over: the order in
    which the match lines need them.

    A programming request walks from the entry of the last request to its own, then reads, modifies and writes
    it: requests in ascending order take 5 cycles each, others at most as many more as there are entries. SET
    adds the amplitude to the code, RESET subtracts it; the result saturates at 0 and at the largest code.
    With a pulse rule :class:`hw.array.programming.device_response.DeviceResponse` gives the new
    code, and a request takes as much longer.

    With `spram` the memory has no codes at first: they come through `load`, one part of an entry in any cycle
    that has one, and are whole after the last part of the last entry. They may be loaded again. No image and
    no request may come before.

    Parameters
    ----------
    bundle
        Gives sizes and codes.
    spram
        Codes are loaded into single-port RAM instead of being part of the bitstream.
    faults
        Injected faults that can be there at once, with a pulse rule.

    Members
    -------
    step
        Read the next entry; it is on `codes` in the next cycle.
    codes
        The entry read last: match line of the group, then row lane, then device.
    idle
        No image is in the array: programming may start.
    busy
        A programming request is being served: no image may start.
    program, programmed
        See :class:`hw.payloads.ArraySeam`. One request at a time; the next waits until the answer is taken.
    load
        With `spram`: the parts of all entries in order.
    """

    def __init__(self, bundle: Bundle, *, spram: bool = False, faults: int = INJECTED_FAULTS):
        self._design = design = bundle.design
        self._response = DeviceResponse(bundle, faults) if bundle.array.pulse is not None else None
        pulse = self._response is not None
        self._geometry = geometry = ArrayGeometry(design)
        contents = None if spram else geometry.pack_codes(bundle.array.codes)
        self._memory = CodeMemory(geometry.code_depth, geometry.code_width, contents)
        self._layout = data.ArrayLayout(unsigned(design.cell_bits), design.col_lanes * design.row_lanes * 2)
        super().__init__(
            {
                "step": In(1),
                "codes": Out(self._layout),
                "idle": In(1),
                "busy": Out(1),
                "program": In(stream.Signature(program_layout(design, pulse=pulse))),
                "programmed": Out(stream.Signature(programmed_shape(design, pulse=pulse))),
                **({"load": In(load_port())} if contents is None else {}),
            }
        )

    def elaborate(self, platform):
        """The memory serves the match lines, or loading and the programming walk when no image is inside."""
        m = Module()
        design, geometry = self._design, self._geometry
        depth = geometry.code_depth

        m.submodules.memory = codes = self._memory
        next_entry = Signal(index_bits(depth))
        walk = CodeWalk(m, geometry)
        advance = Signal()
        m.d.comb += [
            self.codes.as_value().eq(codes.entry),
            codes.address.eq(Mux(self.busy, walk.entry, next_entry)),
            codes.read.eq(self.step | self.busy),
        ]
        with m.If(advance):
            m.d.sync += next_entry.eq(Mux(next_entry == depth - 1, 0, next_entry + 1))

        response = self._response
        request = Signal(self.program.payload.shape())
        row_lane = Signal(index_bits(design.row_lanes))
        col_lane = Signal(index_bits(design.col_lanes))
        before = Signal(design.cell_bits)
        after = Signal(design.cell_bits)
        cell = Signal(index_bits(len(self.codes)))
        m.d.comb += cell.eq((col_lane * design.row_lanes + row_lane) * 2 + request.device)
        changes = request.operation != ProgramOperation.READ
        if response is not None:
            changes |= request.fault != Fault.KEEP
            m.submodules.response = response
            m.d.comb += [
                response.request.eq(request),
                response.before.eq(before),
                after.eq(response.after),
                self.programmed.payload.code.eq(after),
                self.programmed.payload.refused.eq(response.refused),
            ]
        else:
            self._add_amplitude(m, request, before, after)
        # Entries are written as a whole, so all other codes go back as they were read.
        changed = [Mux(cell == index, after, code) for index, code in enumerate(self.codes)]
        m.d.comb += [codes.new_entry.eq(Cat(*changed)), advance.eq(self.step)]
        if has_port(self, "load"):
            part = Signal(range(len(codes.write)))
            with m.If(self.load.valid):
                m.d.comb += [
                    codes.write.bit_select(part, 1).eq(1),
                    codes.new_entry.eq(self.load.payload.replicate(len(codes.write))),
                ]
                m.d.sync += part.eq(part + 1)
                with m.If(part == len(codes.write) - 1):
                    m.d.sync += part.eq(0)
                    m.d.comb += advance.eq(1)

        with m.FSM():
            with m.State("READY"):
                m.d.comb += self.program.ready.eq(self.idle)
                with m.If(self.program.valid & self.idle):
                    m.d.sync += request.eq(self.program.payload)
                    m.next = "WALK"
            with m.State("WALK"):
                m.d.comb += self.busy.eq(1)
                m.d.sync += [
                    row_lane.eq(request.row - walk.first_row),
                    col_lane.eq(request.match_line - walk.first_line),
                ]
                with m.If(walk.holds(request.row, request.match_line)):
                    m.next = "READ"
                with m.Else():
                    walk.advance()
            with m.State("READ"):
                m.d.comb += self.busy.eq(1)
                m.next = "PICK"
            with m.State("PICK"):
                m.d.comb += self.busy.eq(1)
                m.d.sync += before.eq(Array(self.codes)[cell])
                m.next = "WRITE" if response is None else "RESPOND"
            if response is not None:
                with m.State("RESPOND"):
                    m.d.comb += [self.busy.eq(1), response.start.eq(1)]
                    with m.If(response.done):
                        m.next = "WRITE"
            with m.State("WRITE"):
                m.d.comb += [self.busy.eq(1), self.programmed.valid.eq(1)]
                with m.If(self.programmed.ready):
                    with m.If(changes):
                        m.d.comb += codes.write.eq(~0)
                    m.next = "READY"
        return m

    def _add_amplitude(self, m: Module, request: Signal, before: Signal, after: Signal) -> None:
        """The answer of cells without a pulse rule."""
        top = self._design.max_code
        raised = Signal(len(before) + 1)
        m.d.comb += [raised.eq(before + request.amplitude), self.programmed.payload.eq(after)]
        with m.Switch(request.operation):
            with m.Case(ProgramOperation.SET):
                m.d.comb += after.eq(Mux(raised > top, top, raised))
            with m.Case(ProgramOperation.RESET):
                m.d.comb += after.eq(Mux(before > request.amplitude, before - request.amplitude, 0))
            with m.Default():
                m.d.comb += after.eq(before)
