"""Learned, mean and k-means templates."""

import numpy as np
import pytest
import torch

from sw.reference.classifier import decide
from sw.templates import DenseHead, TemplateHead, kmeans_templates, mean_templates


def random_bits(count, features, seed=0):
    return np.random.default_rng(seed).integers(0, 2, (count, features)).astype(np.uint8)


@pytest.mark.parametrize("per_class", [1, 3])
def test_scores_are_matches_and_ties_go_to_the_lowest_template(per_class):
    torch.manual_seed(0)
    head = TemplateHead(6, 4, per_class)  # six features: ties are frequent
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
    head = TemplateHead(40, 3, 2)
    optimiser = torch.optim.AdamW(head.parameters(), 0.02)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(head(bits), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        head.clamp_()
    assert torch.equal(head.predict(bits), labels)
    assert head.latent.abs().max() <= 1


def test_logits_join_templates_by_log_sum_exp():
    torch.manual_seed(2)
    head = TemplateHead(10, 2, 2)
    bits = torch.from_numpy(random_bits(5, 10)).float()
    scaled = ((head.scores(bits) - 5) * head.log_gain.exp()).detach().numpy().reshape(5, 2, 2)
    assert np.allclose(head(bits).detach().numpy(), np.log(np.exp(scaled).sum(axis=2)), rtol=1e-5)


def test_dense_head_predicts_the_largest_logit():
    torch.manual_seed(3)
    head = DenseHead(8, 3)
    bits = torch.from_numpy(random_bits(20, 8)).float()
    assert torch.equal(head.predict(bits), head(bits).argmax(dim=1))


def test_mean_templates_count_one_half_as_one():
    bits = np.array([[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 1], [1, 0, 0, 1], [0, 0, 0, 1]], np.uint8)
    labels = np.array([0, 0, 1, 1, 1], np.uint8)
    assert mean_templates(bits, labels, 2).tolist() == [[1, 1, 0, 0], [1, 0, 0, 1]]


def test_mean_templates_do_not_overflow_with_many_images():
    bits = np.ones((1000, 3), np.uint8)
    assert mean_templates(bits, np.zeros(1000, np.uint8), 1).tolist() == [[1, 1, 1]]


def test_kmeans_finds_the_patterns_of_each_class():
    rng = np.random.default_rng(4)
    patterns = random_bits(4, 64, seed=5)
    noisy = np.repeat(patterns, 30, axis=0) ^ (rng.random((120, 64)) < 0.1)
    labels = np.repeat([0, 1], 60)
    found = kmeans_templates(noisy.astype(np.uint8), labels, 2, 2, seed=0)
    assert {tuple(row) for row in found[:2]} == {tuple(row) for row in patterns[:2]}
    assert {tuple(row) for row in found[2:]} == {tuple(row) for row in patterns[2:]}
    again = kmeans_templates(noisy.astype(np.uint8), labels, 2, 2, seed=0)
    assert np.array_equal(found, again)


def test_kmeans_with_one_template_is_the_mean():
    bits, labels = random_bits(90, 20, seed=6), np.repeat([0, 1, 2], 30)
    assert np.array_equal(kmeans_templates(bits, labels, 3, 1, seed=0), mean_templates(bits, labels, 3))
