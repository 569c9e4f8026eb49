"""Padding: how far kernels reach over the edges of a map, in words or in rows and columns."""

from typing import Annotated, Any, Literal

from pydantic import Field

from sw.design.kinds import LARGEST_SIDE, Kind

__all__ = ["Padding", "canonical", "sides_of"]

Side = Annotated[int, Field(ge=0, lt=LARGEST_SIDE)]
Padding = Literal["same", "valid"] | tuple[Side, Side, Side, Side]
"""``same``: a map keeps its size at stride 1; a kernel with an even side reaches one row or column further
behind the map than before it. ``valid``: none. Else rows above the map, columns at its left, rows below it,
columns at its right, which is the order of ONNX. All values outside the map are 0."""

Sides = tuple[tuple[int, int], tuple[int, int]]


def sides_of(padding: Padding | None, kind: Kind) -> Sides:
    """Rows above and below the map, and columns at its left and right; None is the padding of the kind."""
    if padding is None:
        padding = "valid" if kind.pools else "same"
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        rows, columns = (((side - 1) // 2, side // 2) for side in kind.kernel)
        return rows, columns
    above, left, below, right = padding
    return (above, below), (left, right)


def canonical(padding: Any, kind: Kind) -> Padding | None:
    """The padding as it is kept: None where it is that of the kind, a word where there is one for it.

    Raises
    ------
    ValueError
        If it is no padding, or if all of a kernel's rows, or columns, could be outside: a map could grow, and
        hardware makes room for no more output pixels than there are input pixels.
    """
    numbers = isinstance(padding, (tuple, list)) and len(padding) == 4
    if padding not in ("same", "valid") and not (
        numbers and all(type(side) is int and side >= 0 for side in padding)
    ):
        raise ValueError(
            "padding must be same, valid or four numbers: rows above, columns at the left, rows below, "
            f"columns at the right; got {padding!r}"
        )
    sides = sides_of(padding, kind)
    if any(sum(pads) >= side for pads, side in zip(sides, kind.kernel, strict=True)):
        raise ValueError(
            "padding of both sides together must be below the rows and columns of the kernel, "
            f"{kind.kernel[0]} x {kind.kernel[1]}, got {padding!r}"
        )
    for plain in (None, "same", "valid"):
        if sides_of(plain, kind) == sides:
            return plain
    above, below = sides[0]
    left, right = sides[1]
    return above, left, below, right
