"""Pruning: the schedule at its ends, and masks against the definition of the score."""

import numpy as np
import pytest
import torch

from sw.training.student.pruning import START, STOP, budget_at, masks_within

COSTS = (7, 1, 4)


def layers(seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = (3, 1, 3, 3), (4, 3, 1, 1), (2, 4, 2, 2)
    return [torch.randn(shape, generator=generator) for shape in shapes]


FULL = 7 * 27 + 12 + 4 * 32


@pytest.mark.parametrize(
    ("progress", "budget"),
    [(0.0, 1000), (START, 1000), ((START + STOP) / 2, 200 + 100), (STOP, 200), (0.8, 200), (1.0, 200)],
)
def test_budget_follows_the_cubic_schedule(progress, budget):
    assert budget_at(progress, 1000, 200) == budget


def test_budget_never_grows():
    budgets = [budget_at(step / 997, 12_345, 678) for step in range(998)]
    assert budgets == sorted(budgets, reverse=True)
    assert budgets[0] == 12_345 and budgets[-1] == 678


def definition(weights, budget):
    """Which weights stay, one by one."""
    scored = []
    for layer, weight in enumerate(weights):
        squares = weight.numpy().astype(np.float64).ravel() ** 2
        for index, square in enumerate(squares):
            scored.append((square / squares[squares >= square].sum(), layer, index))
    stays = [np.zeros(weight.numel(), bool) for weight in weights]
    for _, layer, index in sorted(scored, key=lambda entry: -entry[0]):
        budget -= COSTS[layer]
        if budget < 0:
            break
        stays[layer][index] = True
    return stays


@pytest.mark.parametrize("budget", [0, 6, 7, 50, 123, 200, FULL - 1, FULL, 10 * FULL])
def test_masks_follow_the_definition_within_the_budget(budget):
    weights = layers()
    masks = masks_within(weights, COSTS, budget)
    for mask, weight, want in zip(masks, weights, definition(weights, budget), strict=True):
        assert mask.dtype == torch.bool and mask.shape == weight.shape
        assert np.array_equal(mask.numpy().ravel(), want)
    used = sum(cost * int(mask.sum()) for cost, mask in zip(COSTS, masks, strict=True))
    assert used <= budget
    if budget < FULL:
        assert used > budget - max(COSTS)


def test_a_larger_budget_keeps_what_a_smaller_one_keeps():
    weights = layers(1)
    before = masks_within(weights, COSTS, 0)
    for budget in range(0, FULL, 10):
        masks = masks_within(weights, COSTS, budget)
        assert all(torch.all(new | ~old) for new, old in zip(masks, before, strict=True))
        before = masks


def test_layers_compete_whatever_the_scale_of_their_weights():
    weights = layers(2)
    scaled = [weights[0] * 1000, weights[1] * 1e-6, -weights[2]]
    for one, other in zip(masks_within(weights, COSTS, 150), masks_within(scaled, COSTS, 150), strict=True):
        assert torch.equal(one, other)


def test_memory_layout_changes_nothing():
    weights = layers(3)
    other = [weight.to(memory_format=torch.channels_last) for weight in weights]
    for one, two in zip(masks_within(weights, COSTS, 150), masks_within(other, COSTS, 150), strict=True):
        assert torch.equal(one, two)


def test_weights_of_zero_go_first():
    weight = torch.tensor([0.0, 3.0, 0.0, -2.0]).view(1, 1, 2, 2)
    (mask,) = masks_within([weight], [1], 2)
    assert mask.flatten().tolist() == [False, True, False, True]
    (mask,) = masks_within([torch.zeros(1, 1, 2, 2)], [1], 3)
    assert mask.sum() == 3
