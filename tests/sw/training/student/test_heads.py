"""Learnable templates and the dense head."""

import numpy as np
import pytest
import torch

from sw.reference.classifier import decide
from sw.training.student.heads import FIRST_LOGIT_SPREAD, GAIN_PACE, DenseHead, TemplateHead

pytestmark = pytest.mark.usefixtures("one_thread")

BOUND = 0.1


def random_bits(count, features, seed=0):
    return np.random.default_rng(seed).integers(0, 2, (count, features)).astype(np.uint8)


@pytest.mark.parametrize("per_class", [1, 3])
def test_scores_are_matches_and_ties_go_to_the_lowest_template(per_class):
    torch.manual_seed(0)
    head = TemplateHead(6, 4, per_class, BOUND)  # six features: ties are frequent
    bits = random_bits(300, 6)
    matches = (bits[:, None, :] == head.templates()[None]).sum(axis=2)
    scores = head.scores(torch.from_numpy(bits).float())
    assert np.array_equal(scores.detach().numpy(), matches)
    want = decide(matches.astype(np.int64), per_class, 0)
    assert (want.margin == 0).sum() > 30
    assert np.array_equal(head.predict(torch.from_numpy(bits).float()).numpy(), want.label)


def test_templates_are_learned():
    torch.manual_seed(1)
    stored = random_bits(6, 40, seed=3)
    labels = torch.arange(6) // 2
    bits = torch.from_numpy(stored).float()
    head = TemplateHead(40, 3, 2, BOUND)
    optimiser = torch.optim.AdamW(head.parameters(), 0.02)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(head(bits), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        head.clamp_()
    assert torch.equal(head.predict(bits), labels)
    assert head.latent.abs().max() <= BOUND


def test_logits_join_templates_by_log_sum_exp():
    torch.manual_seed(2)
    head = TemplateHead(10, 2, 2, BOUND)
    bits = torch.from_numpy(random_bits(5, 10)).float()
    gain = np.exp(GAIN_PACE * head.paced_log_gain.item())
    error = torch.randn(5, 4)
    for given in (0.0, error):
        scaled = (gain * (head.scores(bits) + given - 5)).detach().numpy().reshape(5, 2, 2)
        want = np.log(np.exp(scaled).sum(axis=2))
        assert np.allclose(head(bits, given).detach().numpy(), want, rtol=1e-5)


def test_logits_of_random_bits_have_their_first_spread():
    torch.manual_seed(4)
    head = TemplateHead(400, 10, 1, BOUND)
    logits = head(torch.from_numpy(random_bits(500, 400)).float())
    assert logits.std().item() == pytest.approx(FIRST_LOGIT_SPREAD, rel=0.1)


def head_with(latents, classes):
    """A head with given latents (T, F)."""
    head = TemplateHead(latents.shape[1], classes, len(latents) // classes, BOUND)
    with torch.no_grad():
        head.latent.copy_(latents)
    return head


FAMILIES = torch.tensor([[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
"""Orthogonal to each other."""


@pytest.mark.parametrize(
    ("latents", "classes", "penalty"),
    [
        (FAMILIES[[0, 0, 0, 1, 1, 1]], 2, 1.0),
        (FAMILIES[[0, 1, 2, 3]], 2, 0.0),
        (FAMILIES[[0, 1]] * torch.tensor([[1.0], [-1.0]]), 1, 0.0),
        (torch.cat([FAMILIES[:1], -FAMILIES[:1]]), 1, 0.0),
        (FAMILIES[[0, 0, 1]], 1, 1 / 3),
        (FAMILIES[[0, 0, 1, 2]], 2, 0.5),
        (FAMILIES[[0, 0]], 2, 0.0),
    ],
    ids=["equal", "orthogonal", "orthogonal signs", "opposite", "two of three", "one class of two", "single"],
)
def test_penalty_is_the_mean_similarity_of_templates_of_a_class(latents, classes, penalty):
    scale = torch.linspace(0.01, 0.1, len(latents))[:, None]
    assert head_with(latents * scale, classes).penalty().item() == pytest.approx(penalty, abs=1e-6)


def test_penalty_drives_templates_of_a_class_apart():
    torch.manual_seed(5)
    head = head_with(FAMILIES[[0, 0]] + 0.3 * torch.randn(2, 4), 1)
    before = head.penalty()
    before.backward()
    with torch.no_grad():
        head.latent -= 0.1 * head.latent.grad
    assert head.penalty() < before


def test_dense_head_predicts_the_largest_logit():
    torch.manual_seed(3)
    head = DenseHead(8, 3)
    bits = torch.from_numpy(random_bits(20, 8)).float()
    assert torch.equal(head.predict(bits), head(bits).argmax(dim=1))
