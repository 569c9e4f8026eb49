"""Export: a trained student to the integers of a bundle.

A threshold is the smallest accumulator at which the student's own evaluation function takes a step. That
function is a float64 multiplication, an addition and a comparison or rounding, each of which is monotone, so
a binary search over the integers finds the step exactly; the batch norm's formula is never solved again. Wide
activations have no thresholds: their integers are those that evaluation computes with.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sw.design import DesignPoint
from sw.design.layer import PIXEL_BITS
from sw.reference.average import average_parameters
from sw.reference.frontend import LayerParameters
from sw.training.student.activation import Activated
from sw.training.student.network import Student

__all__ = ["accumulator_range", "export", "first_true"]


def export(student: Student, design: DesignPoint) -> tuple[tuple[LayerParameters, ...], NDArray[np.int32]]:
    """Integer parameters of a student, which is put into evaluation mode.

    A channel with a negative batch-norm gain has its weights negated, so that every comparison is ``>=``. A
    level that no accumulator reaches gets the largest possible accumulator + 1 as threshold.

    Parameters
    ----------
    student
        Trained network of `design`.
    design
        Its layers.

    Returns
    -------
    tuple
        One :class:`LayerParameters` per layer, and the feature thresholds, int32 (h, w, C, L).
    """
    student.eval()
    parameters = []
    limits = _range_of_pixels()
    with torch.no_grad():
        for module, layer, shape in zip(student.layers, design.layers, design.layer_shapes, strict=True):
            if isinstance(module, Activated):
                exported, limits = _export_layer(module)
                parameters.append(exported)
            elif layer.averages:
                parameters.append(average_parameters(layer, shape))
                limits = accumulator_range(parameters[-1].weight, 2**shape.input_bits - 1)
            else:
                parameters.append(LayerParameters(np.zeros((0,) * 4, np.int8), np.zeros((0, 0), np.int32)))
        thresholds = _feature_thresholds(student, design, *limits)
    return tuple(parameters), thresholds


def accumulator_range(
    weight: NDArray[np.int8], max_input: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Smallest and largest accumulator per output channel, (out,), for inputs 0 .. max_input."""
    flat = weight.astype(np.int64).reshape(len(weight), -1)
    return np.minimum(flat, 0).sum(axis=1) * max_input, np.maximum(flat, 0).sum(axis=1) * max_input


def first_true(
    condition: Callable[[Tensor], Tensor], lowest: NDArray[np.int64], highest: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Smallest integers at which a monotone condition holds, elementwise, by binary search.

    Parameters
    ----------
    condition
        Takes float32 integers of the shape of `lowest`, gives bool; once true it stays true.
    lowest, highest
        Inclusive bounds, magnitudes below 2**24.

    Returns
    -------
    ndarray
        int64; ``highest + 1`` where the condition never holds.
    """
    low, high = lowest.copy(), highest + 1
    while np.any(low < high):
        middle = (low + high) >> 1
        holds = condition(torch.from_numpy(middle).float()).cpu().numpy()
        searching = low < high
        high = np.where(searching & holds, middle, high)
        low = np.where(searching & ~holds, middle + 1, low)
    return low


def _range_of_pixels() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.array([0]), np.array([2**PIXEL_BITS - 1])


def _export_layer(
    module: Activated,
) -> tuple[LayerParameters, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Parameters of one layer and the range of its accumulators, (C,) each."""
    weight = module.integer_weight().cpu().numpy().astype(np.int8)
    if module.layer.activation_bits is None:
        limits = accumulator_range(weight, module.max_input)
        return LayerParameters(weight, np.zeros((len(weight), 0), np.int32)), limits
    signs = module.signs()
    weight = weight * signs.cpu().numpy().astype(np.int8)[:, None, None, None]
    lowest, highest = accumulator_range(weight, module.max_input)
    if module.layer.requantises:
        none = np.zeros((len(weight), 0), np.int32)
        return LayerParameters(weight, none, module.requantisation()), (lowest, highest)
    levels = torch.arange(1, module.layer.thresholds_per_channel + 1, device=signs.device)  # (S,)

    def reaches(accumulators: Tensor) -> Tensor:  # (C, S), each column asks for its own level
        own = (accumulators.to(signs.device) * signs[:, None]).T  # (S, C)
        return module.activate(own).T >= levels

    shape = (len(weight), len(levels))
    steps = first_true(
        reaches, np.broadcast_to(lowest[:, None], shape), np.broadcast_to(highest[:, None], shape)
    )
    return LayerParameters(weight, steps.astype(np.int32)), (lowest, highest)


def _feature_thresholds(
    student: Student, design: DesignPoint, lowest: NDArray[np.int64], highest: NDArray[np.int64]
) -> NDArray[np.int32]:
    device = student.quantiser.offset.device
    channels, height, width = design.feature_map_shape
    shape = (channels, height, width, design.thresholds_per_feature)

    def reaches(features: Tensor) -> Tensor:  # (C, h, w, L)
        return student.quantiser.reached(features[None].to(device))[0]

    bounds = (np.broadcast_to(limit[:, None, None, None], shape) for limit in (lowest, highest))
    return first_true(reaches, *bounds).transpose(1, 2, 0, 3).astype(np.int32).copy()
