"""Residual networks for small images, by name: the family that teachers come from (He et al. 2016).

========  ==========================================  ==========  ==========  ==========
name      stages: channels x blocks                   MAC, 28x28  MAC, 32x32  parameters
========  ==========================================  ==========  ==========  ==========
tiny      16 x 1, 32 x 1                                 1649536     2154496       39802
r8        24 x 1, 48 x 1, 96 x 1                         5527488     6587328      172458
r10       40 x 1, 80 x 1, 160 x 2                       21688896    24315456      933706
r18       64 x 2, 128 x 2, 256 x 2, 512 x 2            455800832   554243072    11172810
resnet50  256 x 3, 512 x 4, 1024 x 6, 2048 x 3          77449472    81170432    23519690
========  ==========================================  ==========  ==========  ==========

MACs are multiply-accumulates of convolutions and dense layers for one image; parameters are those at 32x32;
both with 10 classes and one
channel. ``tiny`` has twice the channels and no stride in the stem for images of
at most 16 pixels a side. ``r18`` is ResNet-18 with the stem that small images get, one 3x3 convolution;
``resnet50`` is ResNet-50 with all its strides, a quarter of the resolution after the stem; blocks stride in
their 3x3 convolution, as became usual later.
"""

from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor, nn

from sw.design.images import ImageSize
from sw.errors import EngramError
from sw.training.loop.trainable import Classifier, channels_first

__all__ = ["FAMILY", "Residual", "Shape", "default_name", "residual"]

SMALL_SIDE = 16
"""Images of up to this many pixels a side are not halved by the stem of ``tiny``."""
EXPANSION = 4
"""Output channels of a bottleneck block by those of its 3x3 convolution (He et al. 2016)."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a residual network.

    Attributes
    ----------
    stem
        Channels of the first convolution, 3x3.
    stem_stride
        1, 2, or 4: a stride of 2 and a 3x3 maximum over every second pixel.
    widths
        Channels of each stage; a bottleneck stage gives four times as many.
    blocks
        Residual blocks of each stage. All stages halve the map, but the first where `first_stride` is 1.
    first_stride
        Stride of the first stage.
    bottleneck
        Blocks of 1x1, 3x3, 1x1 in place of two 3x3.
    pooled
        The head sees channel means; if not, the whole map.
    normalised_shortcuts
        Batch norm after the 1x1 convolution of a shortcut.
    """

    stem: int
    stem_stride: int
    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    first_stride: int
    bottleneck: bool = False
    pooled: bool = True
    normalised_shortcuts: bool = True


def _tiny(height: int, width: int) -> Shape:
    small = min(height, width) <= SMALL_SIDE
    channels = 32 if small else 16
    return Shape(
        channels,
        1 if small else 2,
        (channels, 2 * channels),
        (1, 1),
        1,
        pooled=False,
        normalised_shortcuts=False,
    )


FAMILY: dict[str, Shape | None] = {
    "tiny": None,
    "r8": Shape(16, 1, (24, 48, 96), (1, 1, 1), 2),
    "r10": Shape(16, 1, (40, 80, 160), (1, 1, 2), 2),
    "r18": Shape(64, 1, (64, 128, 256, 512), (2, 2, 2, 2), 1),
    "resnet50": Shape(64, 4, (64, 128, 256, 512), (3, 4, 6, 3), 1, bottleneck=True),
}
"""Networks by name; None where the sizes follow the image's."""


def default_name(height: int, width: int) -> str:
    """Name of the network for an image size in pixels: what one core trains in minutes."""
    side = min(height, width)
    return "tiny" if side <= SMALL_SIDE else "r8" if side < 32 else "r10"


def residual(name: str, size: ImageSize, classes: int) -> "Residual":
    """A network of the family, for images of a size.

    Raises
    ------
    EngramError
        If there is no such name.
    """
    if name not in FAMILY:
        raise EngramError(f"a teacher must be one of {', '.join(FAMILY)}, got {name!r}")
    return Residual(FAMILY[name] or _tiny(size.height, size.width), size, classes)


class Residual(Classifier):
    """Stem, stages of residual blocks, dense head.

    Parameters
    ----------
    shape
        Channels, blocks and strides.
    size
        Of the images.
    classes
        K.
    """

    def __init__(self, shape: Shape, size: ImageSize, classes: int):
        super().__init__()
        self.stem = _convolution(size.channels, shape.stem, 3, min(shape.stem_stride, 2))
        self.stem.append(nn.ReLU())
        if shape.stem_stride == 4:
            self.stem.append(nn.MaxPool2d(3, 2, 1))
        stages, inputs, shrunk = [], shape.stem, shape.stem_stride
        for number, (channels, blocks) in enumerate(zip(shape.widths, shape.blocks, strict=True)):
            for block in range(blocks):
                stride = 1 if block else 2 if number else shape.first_stride
                made = _Block(inputs, channels, stride, shape.bottleneck, shape.normalised_shortcuts)
                stages.append(made)
                inputs, shrunk = made.outputs, shrunk * stride
        self.stages = nn.Sequential(*stages)
        self.pooled = shape.pooled
        cells = 1 if shape.pooled else ceil(size.height / shrunk) * ceil(size.width / shrunk)
        self.head = nn.Linear(inputs * cells, classes)
        # The layout in which processors that multiply bfloat16 in hardware are fastest.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, K) of images (N, H, W) or (N, H, W, C) with pixels 0..255."""
        values = self.stages(self.stem(channels_first(images).float() / 255))
        return self.head(values.mean(dim=(2, 3)) if self.pooled else values.flatten(1))


class _Block(nn.Module):
    """Two 3x3 convolutions, or a bottleneck, beside a shortcut: 1x1 where sizes differ."""

    def __init__(self, inputs: int, channels: int, stride: int, bottleneck: bool, normalised: bool):
        super().__init__()
        self.outputs = channels * EXPANSION if bottleneck else channels
        if bottleneck:
            self.body = nn.Sequential(
                *_convolution(inputs, channels, 1, 1),
                nn.ReLU(),
                *_convolution(channels, channels, 3, stride),
                nn.ReLU(),
                *_convolution(channels, self.outputs, 1, 1),
            )
        else:
            self.body = nn.Sequential(
                *_convolution(inputs, channels, 3, stride), nn.ReLU(), *_convolution(channels, channels, 3, 1)
            )
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != self.outputs:
            layers = list(_convolution(inputs, self.outputs, 1, stride))
            self.shortcut.extend(layers if normalised else layers[:1])

    def forward(self, values: Tensor) -> Tensor:
        return nn.functional.relu(self.body(values) + self.shortcut(values))


def _convolution(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    """Convolution and batch norm."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)
    )
