"""Heads with which the student is trained: learnable templates, or a dense layer that stands in for them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["DenseHead", "TemplateHead"]

FIRST_LOGIT_SPREAD = 1.0
"""Standard deviation of the logits at the start; random bits match with standard deviation sqrt(F) / 2."""
GAIN_PACE = 10.0
"""How much faster than other parameters the logarithm of the gain of the logits moves: it has far to go, and
a wrong gain holds everything else up."""


class TemplateHead(nn.Module):
    """Learnable templates as a classifier: the score of a template is its number of matching features.

    A stored bit is ``P >= 0`` of a latent P of bounded magnitude; the gradient passes straight through. In
    training the templates of a class are joined by log-sum-exp of their scaled scores, at test by the
    maximum.

    Parameters
    ----------
    features, classes, templates_per_class
        F, K and templates of one class; template t belongs to class ``t // templates_per_class``.
    bound
        Of the magnitude of latents; they start within a tenth of it.
    """

    def __init__(self, features: int, classes: int, templates_per_class: int, bound: float):
        super().__init__()
        self.classes, self.bound = classes, bound
        self.latent = nn.Parameter(torch.empty(classes * templates_per_class, features))
        nn.init.uniform_(self.latent, -bound / 10, bound / 10)
        start = FIRST_LOGIT_SPREAD / (features**0.5 / 2)
        self.paced_log_gain = nn.Parameter(torch.tensor(start).log() / GAIN_PACE)

    def clamp_(self) -> None:
        """Keep the latents in bounds; to be called after every optimiser step."""
        with torch.no_grad():
            self.latent.clamp_(-self.bound, self.bound)

    def templates(self) -> NDArray[np.uint8]:
        """Stored bits, uint8 (T, F)."""
        return (self.latent.detach() >= 0).cpu().numpy().astype(np.uint8)

    def penalty(self) -> Tensor:
        """Mean cosine of the latents of two templates of one class, where positive: 0 is as different as can
        be asked of more than two, 1 is equal."""
        latents = functional.normalize(self.latent.unflatten(0, (self.classes, -1)), dim=2)
        count = latents.shape[1]
        if count == 1:
            return self.latent.new_zeros(())
        cosines = latents @ latents.mT  # (K, per class, per class)
        others = cosines.relu().sum(dim=(1, 2)) - cosines.diagonal(dim1=1, dim2=2).sum(dim=1)
        return others.mean() / (count * (count - 1))

    def scores(self, bits: Tensor) -> Tensor:
        """Matches (N, T) of word-line bits (N, F); exact integers below 2**24."""
        hard = torch.where(self.latent >= 0, 1.0, -1.0)
        stored = hard + (self.latent - self.latent.detach())
        return bits @ stored.T + (bits.shape[1] - stored.sum(dim=1)) / 2

    def forward(self, bits: Tensor, error: Tensor | float = 0.0) -> Tensor:
        """Logits (N, K) of scores that differ from the ideal array's by `error`, (N, T)."""
        logits = (self.scores(bits) + error - bits.shape[1] / 2) * (GAIN_PACE * self.paced_log_gain).exp()
        return logits.unflatten(1, (self.classes, -1)).logsumexp(dim=2)

    def predict(self, bits: Tensor) -> Tensor:
        """Classes (N,): winner-take-all, ties to the lowest template index."""
        scores = self.scores(bits)
        order = torch.arange(scores.shape[1], device=scores.device)
        is_best = scores == scores.max(dim=1, keepdim=True).values
        winner = torch.where(is_best, order, len(order)).min(dim=1).values
        return winner // (len(order) // self.classes)


class DenseHead(nn.Linear):
    """Dense classifier on word-line bits, which trains the student when templates come afterwards."""

    def forward(self, bits: Tensor) -> Tensor:
        """Logits (N, K) of bits (N, F), taken as -1 and +1."""
        return super().forward(2 * bits - 1)

    def clamp_(self) -> None:
        """Nothing to keep in bounds."""

    def predict(self, bits: Tensor) -> Tensor:
        """Classes (N,)."""
        return self(bits).argmax(dim=1)
