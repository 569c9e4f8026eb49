"""Arithmetic shared by the blocks."""

from amaranth.hdl import Module, Signal, Value, unsigned

__all__ = ["adder_tree"]


def adder_tree(m: Module, terms: list[Value], name: str) -> Value:
    """Sum of unsigned `terms` as a balanced tree; every node is a named signal just wide enough.

    Named nodes keep the netlist linear in the number of terms, and the tree keeps its depth logarithmic.

    Parameters
    ----------
    m
        Module that gets the combinational adders.
    terms
        At least one unsigned value.
    name
        Prefix of the nodes' names.
    """
    level = 0
    while len(terms) > 1:
        sums = []
        for index in range(0, len(terms) - 1, 2):
            left, right = terms[index : index + 2]
            node = Signal(unsigned(max(len(left), len(right)) + 1), name=f"{name}_{level}_{index // 2}")
            m.d.comb += node.eq(left + right)
            sums.append(node)
        terms = sums + terms[len(sums) * 2 :]
        level += 1
    return terms[0]
