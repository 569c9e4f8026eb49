"""Learnable templates and the dense head."""

import numpy as np
import pytest
import torch

from sw.heads import DenseHead, TemplateHead
from sw.reference.classifier import decide


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
