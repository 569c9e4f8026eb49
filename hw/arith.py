"""Arithmetic shared by the blocks."""

from math import ceil

from amaranth.hdl import Module, Signal, Value

__all__ = ["AdderTree", "padded"]

FAN_IN = 4
"""Terms added up between two registers: two levels of adders keep an iCE40 UP5K above 40 MHz."""


class AdderTree:
    """Sum of terms, all signed or all unsigned, as a balanced tree with a register behind every two levels.

    Every node is a named signal just wide enough, so the netlist stays linear in the number of terms.

    Parameters
    ----------
    m
        Module that gets adders and registers.
    enable
        Moves all registers.
    terms
        At least one value.
    name
        Prefix of the nodes' names.

    Attributes
    ----------
    output
        The sum, :func:`latency` enabled cycles later.
    """

    def __init__(self, m: Module, enable: Value, terms: list[Value], name: str):
        for stage in range(self.latency(len(terms))):
            sums: list[Value] = []
            for start in range(0, len(terms), FAN_IN):
                group = terms[start : start + FAN_IN]
                place = f"{name}_{stage}_{start // FAN_IN}"
                reduced = _balanced(m, group, f"{place}_part")
                total = Signal(reduced.shape(), name=place)
                with m.If(enable):
                    m.d.sync += total.eq(reduced)
                sums.append(total)
            terms = sums
        (self.output,) = terms

    @staticmethod
    def latency(terms: int) -> int:
        """Registers between terms and sum, at least one."""
        stages = 0
        while terms > 1 or stages == 0:
            terms, stages = ceil(terms / FAN_IN), stages + 1
        return stages


def padded(m: Module, value: Value, width: int) -> Signal:
    """`value` in a field of `width` bits."""
    assert len(value) <= width, (len(value), width)
    field = Signal(width)
    m.d.comb += field.eq(value)
    return field


def _balanced(m: Module, terms: list[Value], name: str) -> Value:
    """Sum of at most four terms."""
    while len(terms) > 1:
        sums: list[Value] = []
        for left, right in zip(terms[::2], terms[1::2], strict=False):
            node = Signal((left + right).shape(), name=f"{name}_{len(terms)}_{len(sums)}")
            m.d.comb += node.eq(left + right)
            sums.append(node)
        terms = sums + terms[len(sums) * 2 :]
    return terms[0]
