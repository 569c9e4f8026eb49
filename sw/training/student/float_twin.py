"""The full-precision twin of a student."""

from torch import Tensor, nn

from sw.design import DesignPoint
from sw.training.loop.trainable import Classifier, channels_first
from sw.training.student.layers import AveragePool, MaxPool, convolution

__all__ = ["FloatTwin"]


class FloatTwin(Classifier):
    """The student's layers in full precision: batch norm and ReLU after each, and a dense head.

    What it reaches is what quantisation, binarised features and templates are measured against.
    """

    def __init__(self, design: DesignPoint):
        super().__init__()
        stack: list[nn.Module] = []
        for layer, shape in zip(design.layers, design.layer_shapes, strict=True):
            if not layer.learns:
                stack.append(AveragePool(layer, exact=False) if layer.averages else MaxPool(layer))
                continue
            stack += [*convolution(layer, shape.inputs[0]), nn.BatchNorm2d(shape.outputs[0]), nn.ReLU()]
        channels, height, width = design.feature_map_shape
        self.body = nn.Sequential(*stack)
        self.head = nn.Linear(channels * height * width, design.classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, classes) of images (N, H, W) or (N, H, W, C) with pixels 0..255."""
        return self.head(self.body(channels_first(images).float() / 255).flatten(1))
