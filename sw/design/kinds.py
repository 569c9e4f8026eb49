"""Kinds of layers: each is one entry of :data:`KINDS`; every rule works on its facts, never on its name."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

__all__ = ["KINDS", "Kind", "KindName"]


@dataclass(frozen=True)
class Kind:
    """Properties of a kind of layer.

    Parameters
    ----------
    kernel
        Rows and columns of input pixels that one output pixel is made of.
    padding
        Rows above and below the image, and columns at its left and right, that the kernel may reach; all
        values there are 0.
    strides
        Strides that a layer of this kind may have, equal in both directions.
    depthwise
        Every output channel is made of the input channel of its own number alone, so the number of channels
        stays.
    has_weights
        An output value is a weighted sum; without weights it is the largest value under the kernel.

    Raises
    ------
    ValueError
        If the padding is half the kernel or more: then a map could grow, but the hardware makes room for no
        more output pixels than there are input pixels. If there is padding without weights: a 0 from outside
        would win over negative sums.
    """

    kernel: tuple[int, int]
    padding: tuple[int, int] = (0, 0)
    strides: tuple[int, ...] = (1, 2)
    depthwise: bool = False
    has_weights: bool = True

    def __post_init__(self) -> None:
        if any(2 * pad >= side for pad, side in zip(self.padding, self.kernel, strict=True)):
            raise ValueError(f"padding must be below half of kernel {self.kernel}, got {self.padding}")
        if not self.has_weights and any(self.padding):
            raise ValueError(f"a kind without weights has no padding, got {self.padding}")


KINDS = {
    "conv3x3": Kind(kernel=(3, 3), padding=(1, 1)),
    "depthwise3x3": Kind(kernel=(3, 3), padding=(1, 1), depthwise=True),
    "pointwise1x1": Kind(kernel=(1, 1)),
    "maxpool2x2": Kind(kernel=(2, 2), strides=(2,), depthwise=True, has_weights=False),
}
"""All kinds by the name that designs and bundles give them. A new kind is a new line here."""

if TYPE_CHECKING:
    KindName = str
else:
    # The names once more, as the type that pydantic checks; type checkers cannot read a computed Literal.
    KindName = Literal[tuple(KINDS)]
