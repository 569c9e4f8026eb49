"""The full-precision twin of a student."""

from torch import Tensor, nn

from sw.design import DesignPoint, Layer
from sw.design.layer import LayerShape
from sw.design.paths import IMAGE
from sw.training.loop.trainable import Classifier, channels_first
from sw.training.student.layers import AveragePool, MaxPool, convolution

__all__ = ["FloatTwin"]


class FloatTwin(Classifier):
    """The student's layers in full precision: batch norm and ReLU after each with weights, and a dense head.

    What it reaches is what quantisation, binarised features and templates are measured against.
    """

    def __init__(self, design: DesignPoint):
        super().__init__()
        stack: list[nn.Module] = []
        self.sources, self.ends = design.sources, []
        for layer, shape in zip(design.layers, design.layer_shapes, strict=True):
            stack += _modules_of(layer, shape)
            self.ends.append(len(stack))
        channels, height, width = design.feature_map_shape
        self.body = nn.Sequential(*stack)
        self.head = nn.Linear(channels * height * width, design.classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, classes) of images (N, H, W) or (N, H, W, C) with pixels 0..255."""
        maps = {IMAGE: channels_first(images).float() / 255}
        start = 0
        for number, (end, sources) in enumerate(zip(self.ends, self.sources, strict=True)):
            values = sum((maps[source] for source in sources[1:]), start=maps[sources[0]])
            maps[number] = self.body[start:end](values)
            start = end
        return self.head(maps[len(self.ends) - 1].flatten(1))


def _modules_of(layer: Layer, shape: LayerShape) -> list[nn.Module]:
    """What a layer does to its input; to the sum of both of an addition, which is at least 0, nothing."""
    if layer.learns:
        return [*convolution(layer, shape.inputs[0]), nn.BatchNorm2d(shape.outputs[0]), nn.ReLU()]
    if layer.adds:
        return []
    return [AveragePool(layer, exact=False) if layer.averages else MaxPool(layer)]
