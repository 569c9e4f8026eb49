"""The training loop: augmentation, best epoch, Ctrl-C, determinism."""

from dataclasses import replace

import pytest
import torch

from sw import fit as loop
from sw.fit import Classifier, Recipe, Split, accuracy, deterministic, fit

RECIPE = Recipe(3, 1, 1, batch=16, shift=0.0, rotate_deg=0.0, distil_weight=1.0)


class Linear(Classifier):
    """The smallest classifier."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(12, 2)

    def forward(self, images):
        return self.layer(images.flatten(1).float() / 255)


@pytest.fixture
def split():
    images = torch.randint(0, 256, (64, 3, 4), generator=torch.Generator().manual_seed(0))
    return Split(images.to(torch.uint8), (images[:, 0, 0] > 127).long())


def test_training_learns_and_the_same_seed_gives_the_same_bits(split):
    states = []
    for seed in (1, 1, 2):
        with deterministic(seed):
            model = Linear()
            assert fit(model, split, split, RECIPE, 120, label="test")
        assert accuracy(model, split) > 0.9
        states.append(model.layer.weight)
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_deterministic_gives_settings_and_generator_back():
    torch.manual_seed(5)
    want = torch.rand(1)
    torch.manual_seed(5)
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with deterministic(0):
        torch.rand(3)
        assert torch.are_deterministic_algorithms_enabled()
    assert torch.equal(torch.rand(1), want)
    assert before == (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())


def epochs_with(monkeypatch, accuracies, interrupt_at=None):
    """Replace an epoch by one that writes its number into the bias, and validation by a list."""
    reached = iter(accuracies)

    def epoch(model, *_):
        epoch.number += 1
        if epoch.number == interrupt_at:
            raise KeyboardInterrupt
        model.layer.bias.data.fill_(epoch.number)
        return 0.0

    epoch.number = 0
    monkeypatch.setattr(loop, "_epoch", epoch)
    monkeypatch.setattr(loop, "accuracy", lambda *_: next(reached))


def test_best_epoch_is_kept_and_of_equals_the_later(monkeypatch, split):
    epochs_with(monkeypatch, [0.5, 0.8, 0.8, 0.7])
    model = Linear()
    assert fit(model, split, split, RECIPE, 4, label="test")
    assert model.layer.bias.tolist() == [3, 3]
    assert not model.training


def test_ctrl_c_keeps_the_best_epoch_so_far(monkeypatch, split):
    epochs_with(monkeypatch, [0.5, 0.4], interrupt_at=3)
    model = Linear()
    assert not fit(model, split, split, RECIPE, 9, label="test")
    assert model.layer.bias.tolist() == [1, 1]


def test_ctrl_c_before_the_first_validation_goes_on_up(monkeypatch, split):
    epochs_with(monkeypatch, [], interrupt_at=1)
    with pytest.raises(KeyboardInterrupt):
        fit(Linear(), split, split, RECIPE, 9, label="test")


def test_distillation_follows_the_teacher_against_the_labels(split):
    wrong = torch.nn.functional.one_hot(1 - split.labels, 2) * 20.0
    with deterministic(0):
        model = Linear()
        recipe = replace(RECIPE, distil_weight=30.0, temperature=1.0)
        fit(model, split, Split(split.images, 1 - split.labels), recipe, 40, label="t", teacher_logits=wrong)
    assert accuracy(model, split) < 0.1


def one_dot(count, height, width, row, column):
    images = torch.zeros(count, height, width, dtype=torch.uint8)
    images[:, row, column] = 200
    return images


def test_no_augmentation_changes_nothing(split):
    assert torch.equal(loop._augmented(split.images, RECIPE), split.images.float())


def test_shift_moves_by_at_most_its_pixels_in_both_directions():
    torch.manual_seed(0)
    moved = loop._augmented(one_dot(400, 11, 7, 5, 3), replace(RECIPE, shift=2.0))
    assert torch.equal(moved, moved.round())
    mass = moved.sum(dim=(1, 2))
    assert torch.all((mass - 200).abs() <= 2)  # four neighbours, each rounded
    rows = (moved.sum(dim=2) * torch.arange(11)).sum(dim=1) / mass - 5
    columns = (moved.sum(dim=1) * torch.arange(7)).sum(dim=1) / mass - 3
    for offset in (rows, columns):
        assert offset.abs().max() <= 2.02
        assert offset.min() < -1.8 and offset.max() > 1.8


def test_turning_keeps_the_shape_of_pixels_on_wide_images():
    torch.manual_seed(0)
    turned = loop._augmented(one_dot(300, 21, 41, 10, 28), replace(RECIPE, rotate_deg=30.0))
    mass = turned.sum(dim=(1, 2))
    rows = (turned.sum(dim=2) * torch.arange(21)).sum(dim=1) / mass - 10
    columns = (turned.sum(dim=1) * torch.arange(41)).sum(dim=1) / mass - 20
    radius = torch.hypot(rows, columns)
    assert torch.all((radius - 8).abs() < 0.5)
    angle = torch.rad2deg(torch.atan2(rows, columns))
    assert angle.min() < -25 and angle.max() > 25 and angle.abs().max() < 33


def test_flip_mirrors_half_of_the_images():
    torch.manual_seed(0)
    flipped = loop._augmented(one_dot(400, 4, 6, 1, 0), replace(RECIPE, flip=True))
    left, right = flipped[:, 1, 0] == 200, flipped[:, 1, 5] == 200
    assert torch.all(left ^ right)
    assert 160 < int(right.sum()) < 240
