"""Statistics of batch norms: of the images as they are, the same every time."""

import pytest
import torch

from sw.training.loop import settle as module
from sw.training.loop.settle import settle
from sw.training.loop.trainable import EVALUATION_BATCH, Classifier


class Norm(Classifier):
    """A batch norm over the pixels of an image; how many images it saw at a time."""

    def __init__(self):
        super().__init__()
        self.norm, self.batches = torch.nn.BatchNorm1d(12), []

    def forward(self, images):
        self.batches.append(len(images))
        return self.norm(images.flatten(1))


def images_of(count):
    return torch.randint(0, 256, (count, 3, 4), generator=torch.Generator().manual_seed(count)).byte()


def test_statistics_are_those_of_the_images_whatever_ran_along_before():
    images, model = images_of(200), Norm()
    model.norm.running_mean.fill_(1e6)
    settle(model, images)
    flat = images.flatten(1).float()
    assert torch.allclose(model.norm.running_mean, flat.mean(dim=0), rtol=1e-5)
    assert torch.allclose(model.norm.running_var, flat.var(dim=0), rtol=1e-4)


@pytest.mark.parametrize("training", [True, False])
def test_mode_parameters_and_random_numbers_stay(training):
    model = Norm().train(training)
    weight, before = model.norm.weight.detach().clone(), torch.get_rng_state()
    settle(model, images_of(20))
    assert model.training is training
    assert torch.equal(model.norm.weight, weight)
    assert model.norm.momentum == 0.1
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("count", [2, EVALUATION_BATCH, EVALUATION_BATCH + 1, 1_501])
def test_parts_are_of_one_size(monkeypatch, count):
    monkeypatch.setattr(module, "IMAGES", 1_500)
    model = Norm()
    settle(model, images_of(count))
    assert max(model.batches) - min(model.batches) <= 1
    assert max(model.batches) <= EVALUATION_BATCH
    assert sum(model.batches) == min(count, 1_500)
