"""Augmentation: what may move by how much, and that what is said to be mirrored is."""

from dataclasses import replace

import pytest
import torch

from sw.training.loop.augment import augmented
from sw.training.recipe import Recipe

STILL = Recipe(1, 1, 1, shift=0.0, rotate_deg=0.0)
TURNED = replace(STILL, rotate_deg=1e-6)
"""By so little that nothing moves, yet by the way through interpolation."""


def noise(count, height, width):
    torch.manual_seed(count)
    return torch.randint(0, 256, (count, height, width), dtype=torch.uint8)


def one_dot(count, height, width, row, column):
    images = torch.zeros(count, height, width, dtype=torch.uint8)
    images[:, row, column] = 200
    return images


@pytest.mark.parametrize("recipe", [STILL, TURNED, replace(STILL, shift=1e-6)])
def test_no_augmentation_changes_nothing(recipe):
    images = noise(50, 7, 4)
    shown, mirrored = augmented(images, recipe)
    assert shown.dtype == torch.float32
    assert torch.equal(shown, images.float())
    assert not mirrored.any()


@pytest.mark.parametrize("recipe", [STILL, TURNED])
@pytest.mark.parametrize("width", [5, 6])
def test_half_of_the_images_are_mirrored_and_said_to_be(recipe, width):
    images = noise(400, 4, width)
    shown, mirrored = augmented(images, replace(recipe, flip=True))
    assert 160 < int(mirrored.sum()) < 240
    want = torch.where(mirrored[:, None, None], images.flip(2), images)
    assert torch.equal(shown, want.float())


def moved_by(image, down, across):
    """Moved with black edges, pixel by pixel."""
    height, width = image.shape
    moved = torch.zeros(height, width)
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - across < width:
                moved[row, column] = image[row - down, column - across]
    return moved


@pytest.mark.parametrize("flip", [False, True])
def test_whole_shifts_are_exact_and_equally_likely(flip):
    images = noise(1, 4, 5).expand(900, 4, 5)
    shown, mirrored = augmented(images, replace(STILL, shift=1.0, flip=flip))
    counted = torch.zeros(3, 3)
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            upright = moved_by(images[0], down, across)
            other = moved_by(images[0].flip(1), down, across)
            want = torch.where(mirrored[:, None, None], other, upright)
            counted[down, across] = (shown == want).all(dim=2).all(dim=1).sum()
    assert counted.sum() == 900
    assert counted.min() > 60
    assert mirrored.any() == flip


def test_whole_shifts_reach_their_ends_and_no_further():
    shown, _ = augmented(one_dot(500, 9, 7, 4, 3), replace(STILL, shift=3.0))
    rows, columns = shown.sum(dim=2).argmax(dim=1) - 4, shown.sum(dim=1).argmax(dim=1) - 3
    assert torch.equal(rows.unique(), torch.arange(-3, 4))
    assert torch.equal(columns.unique(), torch.arange(-3, 4))


def test_other_shifts_move_by_at_most_their_pixels_in_both_directions():
    torch.manual_seed(0)
    moved, _ = augmented(one_dot(400, 11, 7, 5, 3), replace(STILL, shift=1.5))
    assert torch.equal(moved, moved.round())
    mass = moved.sum(dim=(1, 2))
    assert torch.all((mass - 200).abs() <= 2)  # four neighbours, each rounded
    rows = (moved.sum(dim=2) * torch.arange(11)).sum(dim=1) / mass - 5
    columns = (moved.sum(dim=1) * torch.arange(7)).sum(dim=1) / mass - 3
    for offset in (rows, columns):
        assert offset.abs().max() <= 1.52
        assert offset.min() < -1.3 and offset.max() > 1.3


def test_turning_keeps_the_shape_of_pixels_on_wide_images():
    torch.manual_seed(0)
    turned, _ = augmented(one_dot(300, 21, 41, 10, 28), replace(STILL, rotate_deg=30.0))
    mass = turned.sum(dim=(1, 2))
    rows = (turned.sum(dim=2) * torch.arange(21)).sum(dim=1) / mass - 10
    columns = (turned.sum(dim=1) * torch.arange(41)).sum(dim=1) / mass - 20
    radius = torch.hypot(rows, columns)
    assert torch.all((radius - 8).abs() < 0.5)
    angle = torch.rad2deg(torch.atan2(rows, columns))
    assert angle.min() < -25 and angle.max() > 25 and angle.abs().max() < 33


@pytest.mark.parametrize("side", [1, 4, 5])
def test_a_square_is_black_around_any_pixel(side):
    full = torch.full((2_000, 6, 9, 3), 7, dtype=torch.uint8)
    shown, _ = augmented(full, replace(STILL, cutout=side))
    black = (shown == 0).all(dim=3)
    assert torch.equal(black, (shown == 0).any(dim=3))  # in all channels alike
    assert torch.all(shown[~black] == 7)
    rows, columns = black.any(dim=2), black.any(dim=1)
    assert torch.equal(black, rows[:, :, None] & columns[:, None, :])
    places = set()
    for covered, reach, size in (rows, side, 6), (columns, side, 9):
        first, last = covered.long().argmax(dim=1), size - 1 - covered.flip(1).long().argmax(dim=1)
        assert torch.equal(covered.sum(dim=1), last - first + 1)
        inner = (first > 0) & (last < size - 1)
        assert torch.all((last - first + 1)[inner] == reach)
        places.add(len({*zip(first.tolist(), last.tolist(), strict=True)}))
    assert places == {6, 9}  # centred on every row and every column


def test_of_a_signal_a_stretch_is_black_and_other_draws_stay_what_they_are():
    images = noise(300, 1, 40) // 2 + 100
    torch.manual_seed(3)
    whole, mirrored = augmented(images, replace(STILL, flip=True))
    torch.manual_seed(3)
    covered, other = augmented(images, replace(STILL, flip=True, cutout=6))
    assert torch.equal(mirrored, other)
    assert torch.equal(covered[covered > 0], whole[covered > 0])
    black = (covered == 0).sum(dim=(1, 2))
    assert black.min() >= 3 and black.max() == 6


@pytest.mark.parametrize("recipe", [replace(STILL, shift=2.0), replace(STILL, shift=1.5, rotate_deg=20.0)])
def test_channels_move_together(recipe):
    grey = noise(60, 7, 6)
    colour = torch.stack([grey, 255 - grey, grey // 2], dim=-1)
    torch.manual_seed(5)
    alone, one = augmented(grey, replace(recipe, flip=True))
    torch.manual_seed(5)
    together, other = augmented(colour, replace(recipe, flip=True))
    assert together.shape == (60, 7, 6, 3) and torch.equal(one, other)
    assert torch.equal(together[..., 0], alone)
    assert not torch.equal(together[..., 1], alone)


@pytest.mark.parametrize("recipe", [replace(STILL, shift=3.0), replace(STILL, shift=2.5, rotate_deg=45.0)])
def test_signals_move_along_their_row_alone(recipe):
    torch.manual_seed(1)
    moved, _ = augmented(one_dot(300, 1, 40, 0, 20), recipe)
    assert torch.all((moved.sum(dim=2) - 200).abs() <= 2)
    assert len(moved[:, 0].argmax(dim=1).unique()) >= 5
