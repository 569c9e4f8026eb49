"""RTLIL: no name looks like a bit of another one."""

import re

from amaranth.hdl import Module, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import Out

from hw.rtlil import to_rtlil


class Pairs(wiring.Component):
    o: Out(data.ArrayLayout(data.ArrayLayout(unsigned(3), 2), 2))

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.o[0][1].eq(self.o[1][0][2:])
        return m


def test_fields_of_arrays_have_names_of_their_own():
    text = to_rtlil(Pairs(), "pairs")
    names = re.findall(r"^ *wire .*?(\\\S+)$", text, re.MULTILINE)
    assert r"\o" in names and r"\o.0.1" in names
    assert not [name for name in names if "[" in name]
    assert re.search(r"\\o(\.\S+)? \[", text)  # slices are still there
