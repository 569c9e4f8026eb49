"""Distillation against formulas written out in NumPy; the ends of certainty, agreement and similarity."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sw.training.loop.losses import Progress, Targets, class_weights, similarity_loss, student_loss
from sw.training.recipe import Recipe

STATIC = Recipe(1, 1, 1, distil="static", distil_weight=0.3, temperature=4.0)
DYNAMIC = replace(STATIC, distil="dynamic")


def batch(count=12, classes=5, seed=0):
    rng = np.random.default_rng(seed)
    return (
        rng.normal(0, 2, (count, classes)),
        rng.integers(0, classes, count),
        rng.normal(0, 3, (count, classes)),
    )


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def cross_entropies(logits, labels):
    return -np.log(softmax(logits)[np.arange(len(labels)), labels])


def divergences(taught, logits, temperature):
    p, q = softmax(taught / temperature), softmax(logits / temperature)
    return (p * np.log(p / q)).sum(axis=1)


def loss_of(logits, labels, taught, recipe, progress=None):
    given = torch.tensor(logits), torch.tensor(labels), None if taught is None else torch.tensor(taught)
    return float(student_loss(*given, recipe, progress or Progress()))


@pytest.mark.parametrize("recipe", [STATIC, DYNAMIC])
def test_without_a_teacher_it_is_the_cross_entropy(recipe):
    logits, labels, _ = batch()
    progress = Progress(0.25)
    assert loss_of(logits, labels, None, recipe, progress) == pytest.approx(
        cross_entropies(logits, labels).mean(), rel=1e-12
    )
    assert progress.agreement == 0.25


def test_static_is_the_classic_sum():
    logits, labels, taught = batch()
    want = cross_entropies(logits, labels).mean() + 0.3 * 16 * divergences(taught, logits, 4.0).mean()
    assert loss_of(logits, labels, taught, STATIC, Progress(0.7)) == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize("agreement", [0.0, 0.4, 1.0])
def test_dynamic_weighs_by_certainty_and_cools_with_agreement(agreement):
    logits, labels, taught = batch(seed=1)
    p = softmax(taught)
    weights = 0.3 * (1 - (-(p * np.log(p)).sum(axis=1) / np.log(5)))
    temperature = 1 + 3 * (1 - agreement)
    hard, soft = cross_entropies(logits, labels), divergences(taught, logits, temperature)
    want = ((1 - weights) * hard + weights * temperature**2 * soft).mean()
    assert loss_of(logits, labels, taught, DYNAMIC, Progress(agreement)) == pytest.approx(want, rel=1e-12)


def test_a_teacher_that_knows_nothing_leaves_the_labels():
    logits, labels, _ = batch()
    taught = np.full(logits.shape, 1.7)
    want = cross_entropies(logits, labels).mean()
    recipe = replace(DYNAMIC, distil_weight=1.0)
    assert loss_of(logits, labels, taught, recipe) == pytest.approx(want, rel=1e-12)


def test_a_certain_teacher_has_the_whole_weight():
    logits, labels, _ = batch()
    named = np.arange(len(labels)) % 5
    taught = 1e4 * np.eye(5)[named]
    recipe = replace(DYNAMIC, distil_weight=1.0, temperature=1.0)
    want = cross_entropies(logits, named).mean()  # the divergence from one class, whatever the label
    assert loss_of(logits, labels, taught, recipe) == pytest.approx(want, rel=1e-12)


def test_an_equal_student_has_no_divergence():
    _, labels, taught = batch()
    want = cross_entropies(taught, labels).mean()
    assert loss_of(taught, labels, taught, STATIC) == pytest.approx(want, rel=1e-12)


def test_temperature_follows_the_running_share_of_equal_answers():
    progress = Progress()
    assert progress.temperature(STATIC) == progress.temperature(DYNAMIC) == 4.0
    logits, taught = torch.eye(4), torch.eye(4)
    progress.see(logits, taught)
    assert progress.agreement == pytest.approx(0.01)
    progress.see(logits, taught[[0, 2, 1, 3]])
    assert progress.agreement == pytest.approx(0.99 * 0.01 + 0.01 * 0.5)
    for _ in range(3_000):
        progress.see(logits, taught)
    assert progress.agreement == pytest.approx(1.0)
    assert progress.temperature(DYNAMIC) == pytest.approx(1.0)
    assert progress.temperature(STATIC) == 4.0


def test_the_loss_of_a_step_does_not_depend_on_its_own_answers():
    logits, labels, taught = batch()
    progress = Progress(0.5)
    first = loss_of(logits, labels, taught, DYNAMIC, progress)
    equal = (logits.argmax(axis=1) == taught.argmax(axis=1)).mean()
    assert progress.agreement == pytest.approx(0.99 * 0.5 + 0.01 * equal)
    assert first == loss_of(logits, labels, taught, DYNAMIC, Progress(0.5))


def test_mirrored_images_are_taught_as_they_are_shown():
    upright, mirror = torch.arange(12.0).view(6, 2), -torch.arange(12.0).view(6, 2)
    chosen, mirrored = torch.tensor([4, 0, 2]), torch.tensor([True, False, True])
    taught = Targets(upright, mirror).of(chosen, mirrored)
    assert taught.tolist() == [[-8.0, -9.0], [0.0, 1.0], [-4.0, -5.0]]
    assert torch.equal(Targets(upright).of(chosen, mirrored), upright[chosen])


def similarity(bits, taught):
    """The mean over rows of squared differences of row-normalised inner products."""
    signs, centred = 2 * bits - 1, taught - taught.mean(axis=0)
    rows = []
    for values in (signs, centred):
        products = np.array([[one @ other for other in values] for one in values])
        rows.append(products / np.sqrt((products**2).sum(axis=1, keepdims=True)))
    return ((rows[0] - rows[1]) ** 2).sum() / len(bits)


def test_similarity_loss_is_its_formula():
    rng = np.random.default_rng(3)
    bits, taught = rng.integers(0, 2, (9, 20)).astype(float), rng.normal(size=(9, 4))
    got = float(similarity_loss(torch.tensor(bits), torch.tensor(taught)))
    assert got == pytest.approx(similarity(bits, taught), rel=1e-12)
    assert got > 0.1


def test_similarity_loss_is_zero_for_equal_geometry():
    bits = torch.tensor([[1.0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 1, 1], [0, 1, 0, 1]], dtype=torch.float64)
    signs = 2 * bits - 1
    assert torch.all(signs.mean(dim=0) == 0)
    turn = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64)).Q
    taught = 3.0 * signs @ turn + torch.tensor([5.0, -1, 0, 2])  # turned, stretched, moved
    assert float(similarity_loss(bits, taught)) == pytest.approx(0.0, abs=1e-20)


def test_gradients_reach_logits_and_bits():
    logits, labels, taught = (torch.tensor(part) for part in batch())
    logits.requires_grad_()
    student_loss(logits, labels, taught, DYNAMIC, Progress()).backward()
    assert torch.all(logits.grad != 0)
    bits = torch.rand(12, 8, dtype=torch.float64).round().requires_grad_()
    similarity_loss(bits, taught).backward()
    assert torch.all(bits.grad != 0)


def test_class_weights_let_every_class_count_alike():
    labels = torch.tensor([0] * 6 + [1] * 3 + [2])
    weights = class_weights(labels)
    sums = torch.zeros(3).index_add(0, labels, weights[labels])
    assert torch.allclose(sums, torch.full((3,), 10 / 3))


@pytest.mark.parametrize("recipe", [STATIC, DYNAMIC, replace(STATIC, distil="none")])
def test_a_weight_is_that_many_images(recipe):
    """Two images of a class with weight 1 are one with weight 2, as far as the gradient's direction goes."""
    logits, labels, taught = (torch.tensor(each) for each in batch(6, 3))
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    given = None if recipe.distil == "none" else taught
    twice = torch.tensor([1.0, 1.0, 2.0])
    weighted = student_loss(logits, labels, given, recipe, Progress(), twice)
    more = [*range(6), 2, 5]
    repeated = student_loss(
        logits[more], labels[more], None if given is None else given[more], recipe, Progress()
    )
    assert float(weighted) * 6 == pytest.approx(float(repeated) * 8)
