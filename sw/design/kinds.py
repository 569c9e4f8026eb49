"""Kinds of layers: each is one entry of :data:`KINDS`; every rule works on its facts, never on its name.

A name is an operation and the rows and columns of its kernel, such as ``conv5x5`` or ``maxpool1x2``.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

__all__ = ["KINDS", "LARGEST_SIDE", "Kind", "KindName"]

LARGEST_SIDE = 7
"""Rows, or columns, that a kernel has at most: a row more is another row of the map that hardware keeps."""


@dataclass(frozen=True)
class Kind:
    """Properties of a kind of layer.

    Parameters
    ----------
    kernel
        Rows and columns of input pixels that one output pixel is made of.
    depthwise
        Every output channel is made of the input channel of its own number alone, so the number of channels
        stays.
    has_weights
        An output value is a weighted sum; without weights it is the largest value under the kernel.
    averages
        All weights are 1, and levels are those of the mean, see :mod:`sw.reference.average`: nothing is
        trained.
    adds
        It takes two maps of one scale and adds them, value by value: both weights are 1.
    """

    kernel: tuple[int, int]
    depthwise: bool = False
    has_weights: bool = True
    averages: bool = False
    adds: bool = False

    @property
    def learns(self) -> bool:
        """Whether its weights are trained."""
        return self.has_weights and not self.averages and not self.adds

    @property
    def pools(self) -> bool:
        """Whether it makes one value of several, and has no padding where a layer does not say so."""
        return self.averages or not self.has_weights


SIDES = range(1, LARGEST_SIDE + 1)
KERNELS = [(rows, columns) for rows in SIDES for columns in SIDES if rows == columns or 1 in (rows, columns)]
"""Square ones, and single rows and columns; the first one is a single pixel."""

OPERATIONS = {
    "conv": (KERNELS[1:], {}),
    "depthwise": (KERNELS, {"depthwise": True}),
    "pointwise": (KERNELS[:1], {}),
    "maxpool": (KERNELS[1:], {"depthwise": True, "has_weights": False}),
    "avgpool": (KERNELS[1:], {"depthwise": True, "averages": True}),
    "add": (KERNELS[:1], {"depthwise": True, "adds": True}),
}
"""What kernels and which facts each operation has. A new operation is a new line here."""

KINDS = {
    f"{operation}{kernel[0]}x{kernel[1]}": Kind(kernel, **facts)
    for operation, (kernels, facts) in OPERATIONS.items()
    for kernel in kernels
}
"""All kinds by the name that designs and bundles give them."""


def _known(name: str) -> str:
    """The name, if it is one; a list of all of them would be longer than any line."""
    if name not in KINDS:
        raise ValueError(
            "must be conv, depthwise, maxpool or avgpool with rows x columns of its kernel, 1 to "
            f"{LARGEST_SIDE}, square or one of them 1, such as conv3x3 or maxpool1x2, or pointwise1x1 or "
            "add1x1"
        )
    return name


KindName = Annotated[str, AfterValidator(_known)]
