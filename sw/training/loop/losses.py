"""Losses that the student learns from: the labels, and a teacher's answers with fixed or with moving weight.

Static is the classic sum (Hinton, Vinyals, Dean 2015, arXiv 1503.02531),

    CE + w * T**2 * KL(teacher / T, student / T).

Dynamic lets weight and temperature move. With ``a`` the running share of training images on which student
and teacher name the same class, ``p_i`` the teacher's probabilities of image i and K classes,

    T = 1 + (T0 - 1) * (1 - a)          soft answers first, sharper ones as the student follows
                                        (annealed temperature: Jafari et al. 2021, arXiv 2104.07163)
    c_i = 1 - H(p_i) / ln K             the teacher's certainty of the image
                                        (weight by entropy: Kwon et al., ICASSP 2020)
    loss_i = (1 - w * c_i) * CE_i + w * c_i * T**2 * KL_i

so an image of which the teacher knows nothing is learned from its label alone.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from sw.training.recipe import Recipe

__all__ = ["Progress", "Targets", "class_weights", "similarity_loss", "student_loss"]

MEMORY = 0.99
"""Of the running share of equal answers, per step."""


@dataclass(frozen=True)
class Targets:
    """Answers of a teacher to the training images.

    Attributes
    ----------
    logits
        float32, (N, K).
    mirrored
        float32, (N, K), for the images mirrored left to right; None where no recipe mirrors them.
    """

    logits: Tensor
    mirrored: Tensor | None = None

    def of(self, chosen: Tensor, mirrored: Tensor) -> Tensor:
        """Logits (B, K) of the chosen images, each as it is shown."""
        upright = self.logits[chosen]
        if self.mirrored is None:
            return upright
        return torch.where(mirrored[:, None], self.mirrored[chosen], upright)


@dataclass
class Progress:
    """How far the student follows the teacher: the running share of equal answers, 0 at the start."""

    agreement: float = 0.0

    def temperature(self, recipe: Recipe) -> float:
        """T of this step."""
        if recipe.distil == "dynamic":
            return 1 + (recipe.temperature - 1) * (1 - self.agreement)
        return recipe.temperature

    def see(self, logits: Tensor, taught: Tensor) -> None:
        """Take in one batch."""
        equal = float((logits.argmax(1) == taught.argmax(1)).float().mean())
        self.agreement = MEMORY * self.agreement + (1 - MEMORY) * equal


def class_weights(labels: Tensor) -> Tensor:
    """Weight of an image by its class, float32 (K,), that makes all classes count alike.

    It is inverse to the number of images of the class, and 1 in the mean over all images, so that the loss
    keeps its size. `labels` are those of all training images, int64 (N,); every class has one at least.
    """
    counts = labels.bincount()
    return len(labels) / (len(counts) * counts.float())


def student_loss(
    logits: Tensor,
    labels: Tensor,
    taught: Tensor | None,
    recipe: Recipe,
    progress: Progress,
    weights: Tensor | None = None,
) -> Tensor:
    """Mean loss of one batch.

    Parameters
    ----------
    logits
        (B, K) of the student.
    labels
        int64, (B,).
    taught
        (B, K) logits of the teacher; None learns from the labels alone.
    recipe
        ``distil``, ``distil_weight``, ``temperature``.
    progress
        Sees the batch.
    weights
        Of the classes, float32 (K,), see :func:`class_weights`; None counts every image once.
    """
    counted = 1.0 if weights is None else weights[labels]
    hard = functional.cross_entropy(logits, labels, reduction="none")
    if taught is None:
        return (counted * hard).mean()
    temperature = progress.temperature(recipe)
    soft = temperature**2 * functional.kl_div(
        functional.log_softmax(logits / temperature, dim=1),
        functional.log_softmax(taught / temperature, dim=1),
        reduction="none",
        log_target=True,
    ).sum(dim=1)
    progress.see(logits.detach(), taught)
    if recipe.distil == "static":
        return (counted * (hard + recipe.distil_weight * soft)).mean()
    weight = recipe.distil_weight * _certainty(taught)
    return (counted * ((1 - weight) * hard + weight * soft)).mean()


def _certainty(taught: Tensor) -> Tensor:
    """1 - entropy / ln K, (B,)."""
    logs = functional.log_softmax(taught, dim=1)
    return 1 + (logs.exp() * logs).sum(dim=1) / math.log(taught.shape[1])


def similarity_loss(bits: Tensor, taught: Tensor) -> Tensor:
    """How differently student and teacher see which images of a batch are alike.

    Similarity-preserving distillation (Tung and Mori 2019, arXiv 1907.09682) in template space: the inner
    products of word-line bits taken as -1 and +1, which are what a match line would answer if the other image
    were stored, against those of the teacher's centred logits; each row is normalised, the squared difference
    is averaged over rows.

    Parameters
    ----------
    bits
        (B, F), 0 and 1.
    taught
        (B, K).
    """
    return (_gram(2 * bits - 1) - _gram(taught - taught.mean(dim=0))).square().sum(dim=1).mean()


def _gram(values: Tensor) -> Tensor:
    return functional.normalize(values @ values.T, dim=1)
