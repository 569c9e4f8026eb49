"""Gradual pruning: fewer and fewer weights until only a budget of multiply-accumulates is left.

The budget follows the cubic schedule of Zhu and Gupta 2017 (arXiv 1710.01878). Layers compete by the
layer-adaptive score of Lee et al. 2021 (arXiv 2010.07611): the square of a weight over the sum of squares of
all weights of its layer that are not smaller. Weights that were left out get no gradients, so they seldom
come back: with steps of one size (AdamW) they would wander as fast as the others, and so would the choice.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["START", "STOP", "budget_at", "masks_within"]

START, STOP = 0.1, 0.6
"""Share of the training at which pruning starts, and from which on the weights that stay are fixed."""


def budget_at(progress: float, full: int, target: int) -> int:
    """Multiply-accumulates that may be left at a share `progress` of the training."""
    passed = min(max((progress - START) / (STOP - START), 0.0), 1.0)
    return target + int((full - target) * (1 - passed) ** 3)


def masks_within(weights: Sequence[Tensor], macs_per_weight: Sequence[int], budget: int) -> list[Tensor]:
    """Which weights stay, bool tensors of the shapes of `weights`, best first until the budget is used up.

    Parameters
    ----------
    weights
        Real-valued weights of every layer.
    macs_per_weight
        Multiply-accumulates of one weight of each layer, i.e. its output pixels.
    budget
        Multiply-accumulates that may be left.

    Returns
    -------
    list of Tensor
        On the CPU, where they are chosen: a graphics processor has no sum over a sequence whose rounding is
        the same every time, and PyTorch refuses its own in a training that is to be repeatable.
    """
    scores = torch.cat([_scores(weight) for weight in weights])
    costs = torch.cat(
        [torch.full((weight.numel(),), cost) for weight, cost in zip(weights, macs_per_weight, strict=True)]
    )
    order = scores.argsort(descending=True, stable=True)
    stays = torch.empty(len(order), dtype=torch.bool)
    stays[order] = costs[order].cumsum(0) <= budget
    parts = stays.split([weight.numel() for weight in weights])
    return [part.view(weight.shape) for part, weight in zip(parts, weights, strict=True)]


def _scores(weight: Tensor) -> Tensor:
    """Layer-adaptive score of every weight of a layer, flat, float64."""
    squares = weight.detach().cpu().double().flatten().square()
    ascending, order = squares.sort(stable=True)
    not_smaller = ascending.flip(0).cumsum(0).flip(0)
    scores = torch.empty_like(squares)
    scores[order] = ascending / not_smaller.clamp(min=1e-30)
    return scores
