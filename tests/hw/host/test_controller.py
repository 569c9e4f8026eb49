"""Requests that stop half way or break off: the controller gives them up and serves the next one."""

import pytest
from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.host import protocol
from hw.host.controller import Controller
from hw.host.feature_buffer import FeatureBuffer
from hw.host.guard import RequestGuard
from hw.host.protocol import Cell
from sw.reference.pulse import PulseRule
from tests.helpers.bundles import random_bundle, random_images, random_levels, tiny_design
from tests.helpers.rtl import Bench

DESIGN = tiny_design(layers=(), height=3, width=4, classes=2, rows=8, cell_bits=4, adc_bits=6)
"""12 features in row tiles of 8 and 4, 2 templates."""
RULE = PulseRule(
    key=(4, 3, 2, 1),
    device_spread=90,
    cycle_spread=120,
    p_stuck_hrs=0,
    p_stuck_lrs=0,
    hrs_state=1,
    lrs_state=12,
    amplitude_step=30,
    max_pulses=10,
)
BUNDLE = random_bundle(DESIGN, 1, codes="random", noise=True, pulse=RULE)
IDLE_CYCLES = 20
ENDINGS = ["silence", "broken", "broken and more"]


class Desk(wiring.Component):
    """Guard, controller and feature buffer; with a front end, pixels go nowhere."""

    def __init__(self, with_front_end: bool, ready: bool):
        self.controller = Controller(BUNDLE, with_front_end=with_front_end, loads_codes=not ready)
        self._with_front_end = with_front_end
        super().__init__({"i": In(stream.Signature(8)), "o": Out(stream.Signature(8)), "broken": In(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.controller = controller = self.controller
        m.submodules.guard = guard = RequestGuard(1)
        connect(m, flipped(self.i), guard.i)
        connect(m, guard.o, controller.i)
        connect(m, controller.o, flipped(self.o))
        if self._with_front_end:
            m.d.comb += controller.data.ready.eq(1)
        else:
            m.submodules.buffer = buffer = FeatureBuffer(DESIGN)
            connect(m, controller.data, buffer.i)
            m.d.comb += [controller.loaded.eq(buffer.loaded), buffer.o.ready.eq(1)]
        m.d.comb += [
            guard.broken.eq(self.broken),
            guard.waiting.eq(controller.waiting),
            guard.busy.eq(controller.busy),
            controller.drop.eq(guard.drop),
        ]
        return m


class Talk:
    """A host of the desk that misses nothing which the controller says or does."""

    def __init__(self, ctx, dut):
        self._ctx, self._dut = ctx, dut
        self.did = []

    async def _cycle(self):
        controller = self._dut.controller
        said = []
        if self._ctx.get(self._dut.o.valid):
            said = [self._ctx.get(self._dut.o.payload)]
        if self._ctx.get(controller.write.valid):
            self.did.append("write")
        if self._ctx.get(controller.next_image.valid):
            self.did.append("index")
        await self._ctx.tick()
        return bytes(said)

    async def send(self, data):
        for byte in data:
            self._ctx.set(self._dut.i.payload, byte)
            self._ctx.set(self._dut.i.valid, 1)
            while not self._ctx.get(self._dut.i.ready):
                assert await self._cycle() == b""
            assert await self._cycle() == b""
            self._ctx.set(self._dut.i.valid, 0)

    async def hear(self, cycles=4 * IDLE_CYCLES):
        said = b""
        for _ in range(cycles):
            said += await self._cycle()
        return said

    async def end(self, ending, more):
        if ending != "silence":
            self._ctx.set(self._dut.broken, 1)
            await self.hear(3)
            self._ctx.set(self._dut.broken, 0)
        if ending == "broken and more":
            await self.send(more)


def converse(talk, *, with_front_end=False, ready=True):
    dut = Desk(with_front_end, ready)
    bench = Bench(dut)

    async def person(ctx):
        ctx.set(dut.o.ready, 1)
        await talk(ctx, dut.controller, Talk(ctx, dut))

    bench.testbench(person)
    bench.run()


@pytest.fixture(autouse=True)
def short_silence(monkeypatch):
    monkeypatch.setattr("hw.host.guard.IDLE_BITS", IDLE_CYCLES)


REQUESTS = {
    "LOAD": protocol.load_request(random_levels(DESIGN, 1, seed=2)[0], DESIGN),
    "INDEX": protocol.index_request(3),
    "WRITE": protocol.write_request(Cell(1, 2), (3, 4)),
    "CODES": protocol.codes_request(Cell(1, 2), 4),
    "FAULT": protocol.fault_request(Cell(1, 2), 0, 1),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", REQUESTS)
def test_unfinished_requests_do_nothing(name, ending):
    request = REQUESTS[name]

    async def talk(ctx, controller, host):
        for length in range(1, len(request)):
            await host.send(request[:length])
            await host.end(ending, b"".join(REQUESTS.values()))
            assert await host.hear() == b"" and not ctx.get(controller.busy)
            await host.send(b"I")
            assert await host.hear() == protocol.identity_of(BUNDLE).to_bytes()
        assert host.did == []
        for other in ("LOAD", "INDEX"):
            await host.send(REQUESTS[other])
            assert await host.hear() == REQUESTS[other][:1]
        assert host.did == ["index"] and ctx.get(controller.next_image.payload) == 3

    converse(talk)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("ready", [True, False])
def test_unfinished_images_are_filled_up_and_not_answered(ready, ending):
    request = protocol.image_request(random_images(DESIGN, 1, seed=2)[0])
    answer = bytes([protocol.NOT_READY])

    async def talk(ctx, controller, host):
        async def result():
            if not ready:
                return
            assert ctx.get(controller.busy)
            ctx.set(controller.result.valid, 1)
            await ctx.tick().until(controller.result.ready)
            ctx.set(controller.result.valid, 0)

        for length in (1, 5, len(request) - 1):
            await host.send(request[:length])
            await host.end(ending, request)
            assert await host.hear() == b""
            await result()
            assert await host.hear() == b"" and not ctx.get(controller.busy)
        await host.send(request)
        await result()
        assert await host.hear() == (bytes(9) if ready else answer)

    converse(talk, with_front_end=True, ready=ready)


def test_unfinished_images_end_in_zeros():
    request = protocol.image_request(random_images(DESIGN, 1, seed=2)[0])
    pixels = []

    async def talk(ctx, controller, host):
        await host.send(request[:5])
        for _ in range(2 * IDLE_CYCLES):
            if ctx.get(controller.data.valid):
                pixels.append(ctx.get(controller.data.payload))
            await ctx.tick()

    converse(talk, with_front_end=True)
    assert pixels == [0] * (DESIGN.features - 4)


def test_slow_hosts_are_waited_for():
    async def talk(ctx, controller, host):
        for byte in REQUESTS["LOAD"][:-1]:
            await host.send(bytes([byte]))
            assert await host.hear(IDLE_CYCLES - 1) == b""
        await host.send(REQUESTS["LOAD"][-1:])
        assert await host.hear() == b"L"

    converse(talk)
