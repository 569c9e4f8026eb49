"""Training images moved, turned, mirrored and covered in part at random."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from sw.training.loop.trainable import channels_first
from sw.training.recipe import Recipe

__all__ = ["augmented"]


def augmented(images: Tensor, recipe: Recipe) -> tuple[Tensor, Tensor]:
    """Images moved, turned, mirrored and covered as the recipe says; edges are black.

    Parameters
    ----------
    images
        uint8, (N, H, W) or (N, H, W, C). Images of one row, which are signals, move along it alone and do
        not turn.
    recipe
        ``shift``, ``rotate_deg``, ``flip``, ``cutout``.

    Returns
    -------
    tuple
        float32 images of the same shape of whole values 0..255, and bool (N,), which of them are mirrored.
    """
    count = len(images)
    # Drawn on the CPU, so that every device sees the same numbers.
    draws = torch.rand(4, count)
    mirrored = (draws[1] < 0.5) if recipe.flip else torch.zeros(count, dtype=torch.bool)
    if recipe.rotate_deg == 0 and recipe.shift == int(recipe.shift):
        moved = _moved(images, draws[2:], int(recipe.shift), mirrored)
    else:
        moved = _turned(images, draws, recipe, mirrored)
    if recipe.cutout:
        _cover_(moved, torch.rand(2, count), recipe.cutout)
    return moved, mirrored.to(images.device)


def _moved(images: Tensor, draws: Tensor, reach: int, mirrored: Tensor) -> Tensor:
    """By whole pixels, -reach .. reach."""
    count, height, width = images.shape[:3]
    down = 0 if height == 1 else reach
    offset = torch.stack([_whole(draws[0], 2 * down + 1), _whole(draws[1], 2 * reach + 1)])  # (2, N)
    rows = offset[0, :, None] + torch.arange(height)
    columns = torch.arange(width).expand(count, -1)
    columns = torch.where(mirrored[:, None], width - 1 - columns, columns) + offset[1, :, None]
    padded = functional.pad(images, (0, 0) * (images.ndim - 3) + (reach, reach, down, down))
    each = torch.arange(count)[:, None, None].to(images.device)
    return padded[each, rows[:, :, None].to(images.device), columns[:, None].to(images.device)].float()


def _cover_(images: Tensor, draws: Tensor, side: int) -> None:
    """Make a square of so many pixels a side black in every image; it may hang over an edge."""
    covered = torch.ones(len(images), *images.shape[1:3], dtype=torch.bool)
    for axis, size in enumerate(images.shape[1:3]):
        first = _whole(draws[axis], size) - side // 2
        beyond = torch.arange(size) - first[:, None]  # (N, size)
        inside = (beyond >= 0) & (beyond < side)
        covered &= inside[:, :, None] if axis == 0 else inside[:, None, :]
    images[covered.to(images.device)] = 0.0


def _whole(draws: Tensor, count: int) -> Tensor:
    """Whole numbers 0 .. count - 1 of draws in [0, 1)."""
    return (draws * count).long().clamp_(max=count - 1)


def _turned(images: Tensor, draws: Tensor, recipe: Recipe, mirrored: Tensor) -> Tensor:
    """Bilinear, rounded to integers."""
    count, height, width = images.shape[:3]
    angle = (2 * draws[0] - 1) * math.radians(recipe.rotate_deg if height > 1 else 0)
    mirror = torch.where(mirrored, -1.0, 1.0)
    across, down = (2 * draws[2:] - 1) * 2 * recipe.shift / torch.tensor([[width], [height]])
    down = down if height > 1 else torch.zeros_like(down)
    cosine, sine = angle.cos(), angle.sin()
    rows = (mirror * cosine, -sine * height / width, across, mirror * sine * width / height, cosine, down)
    matrix = torch.stack(rows, dim=1).view(count, 2, 3).to(images.device)
    grid = functional.affine_grid(matrix, [count, 1, height, width], align_corners=False)
    moved = functional.grid_sample(channels_first(images).float(), grid, align_corners=False).round()
    return moved[:, 0] if images.ndim == 3 else moved.movedim(1, -1)
