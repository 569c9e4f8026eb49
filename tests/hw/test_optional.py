"""Ports that are there or not, passed on through two levels of components."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, flipped
from amaranth.sim import Simulator

from hw.optional import connect_optional, has_port, optional_ports
from hw.payloads import next_image_port


class Inner(wiring.Component):
    """Adds the two parts of a port that may be there."""

    def __init__(self, *, indexed):
        ports = {"next_image": In(next_image_port()), "failures": Out(8)} if indexed else {}
        super().__init__({"other": Out(8), **ports})

    def elaborate(self, platform):
        m = Module()
        if has_port(self, "next_image"):
            m.d.comb += self.failures.eq(self.next_image.payload + self.next_image.valid)
        return m


class Outer(wiring.Component):
    def __init__(self, *parts):
        self._parts = parts
        super().__init__({"mine": Out(1), **optional_ports(*parts)})

    def elaborate(self, platform):
        m = Module()
        for part in self._parts:
            if part is not None:
                m.submodules += part
                connect_optional(m, flipped(self), part)
        return m


def test_a_port_that_is_not_there_is_nowhere():
    assert list(Outer(Inner(indexed=False), None).signature.members) == ["mine"]


def test_ports_are_handed_on_in_one_order():
    assert list(Outer(None, Inner(indexed=True)).signature.members) == ["mine", "failures", "next_image"]


def test_both_ways_of_a_port_are_connected():
    dut = Outer(Outer(Inner(indexed=True)))

    async def set_index(ctx):
        ctx.set(dut.next_image.payload, 41)
        assert ctx.get(dut.failures) == 41
        ctx.set(dut.next_image.valid, 1)
        assert ctx.get(dut.failures) == 42

    simulator = Simulator(dut)
    simulator.add_testbench(set_index)
    simulator.run()


def test_two_parts_share_the_ports_that_both_have():
    source, inner = wiring.Component({"next_image": Out(next_image_port())}), Inner(indexed=True)
    m = Module()
    m.submodules += inner
    connect_optional(m, source, inner)

    async def set_index(ctx):
        ctx.set(source.next_image.payload, 7)
        assert ctx.get(inner.failures) == 7

    simulator = Simulator(m)
    simulator.add_testbench(set_index)
    simulator.run()
