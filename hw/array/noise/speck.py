"""A round of the random generator that software and hardware share."""

from amaranth.hdl import Module, Signal, Value

__all__ = ["WORD_BITS", "speck_round"]

WORD_BITS = 16


def speck_round(m: Module, x: Value, y: Value, key: Value, name: str) -> tuple[Value, Value]:
    """As :func:`sw.reference.noise.speck_round` in logic; `name` begins the names of its signals.

    The rotations, by 7 and by 2, are those of Speck32; as wiring they take no cells.
    """
    wide_x, wide_y = Signal(WORD_BITS, name=f"{name}_x"), Signal(WORD_BITS, name=f"{name}_y")
    mixed = Signal(WORD_BITS, name=f"{name}_mixed")
    m.d.comb += [
        wide_x.eq(x),
        wide_y.eq(y),
        mixed.eq((wide_x.rotate_right(7) + wide_y)[:WORD_BITS] ^ key),
    ]
    return mixed, wide_y.rotate_left(2) ^ mixed
