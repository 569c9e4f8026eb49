"""A training's subject: a network that gives logits, and the images and labels it learns from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["EVALUATION_BATCH", "Classifier", "Split", "accuracy", "channels_first", "in_chunks"]

EVALUATION_BATCH = 500


@dataclass(frozen=True)
class Split:
    """Images (N, H, W) or (N, H, W, C) uint8 and labels (N,) int64 on the training device."""

    images: Tensor
    labels: Tensor

    @classmethod
    def of(cls, images: NDArray, labels: NDArray, device: torch.device) -> "Split":
        """Copy arrays to a device."""
        return cls(torch.tensor(images, device=device), torch.tensor(labels, device=device).long())


class Classifier(nn.Module):
    """Network that :func:`sw.training.loop.fit.fit` trains: images (N, H, W) or (N, H, W, C) in, logits (N,
    K) out."""

    def outputs(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Logits, and word-line bits (N, F) if there are any."""
        return self(images), None

    def predict(self, images: Tensor) -> Tensor:
        """Classes (N,)."""
        return self(images).argmax(dim=1)

    def in_turn(self) -> Sequence[tuple[nn.Module, Callable[[Tensor], Tensor]]]:
        """Parts whose batch norms get their statistics one after the other, in the order of the data.

        Returns
        -------
        sequence
            Each part with what runs images through the network up to it, and through it.
        """
        return [(self, self)]

    def penalty(self) -> Tensor | float:
        """Term of the loss that does not depend on the images."""
        return 0.0

    def phase(self, step: int, steps: int) -> str:
        """Name of the phase of a step, counted from 0, of a training of so many.

        What a training has reached may be kept in the last phase only.
        """
        return ""

    def advance(self, step: int, steps: int) -> None:
        """Prepare for a step; nothing by default."""

    def macs_nonzero(self) -> int | None:
        """Multiply-accumulates with a weight that is not zero; None where nobody asks."""
        return None

    def decayed(self) -> Iterable[Tensor]:
        """Parameters that the optimiser's weight decay is for: all by default."""
        return self.parameters()

    def clamp_(self) -> None:
        """Bring parameters back into their bounds after a step; nothing by default."""


def accuracy(model: Classifier, split: Split) -> float:
    """Share of images whose predicted class is the label; the model is put into evaluation mode."""
    model.eval()
    with torch.no_grad():
        right = in_chunks(model.predict, split.images) == split.labels
    return float(right.double().mean())


def channels_first(images: Tensor) -> Tensor:
    """Images as maps (N, C, H, W), as :func:`sw.design.images.channels_first` makes them of arrays."""
    return images[:, None] if images.ndim == 3 else images.movedim(-1, 1)


def in_chunks(function, images: Tensor) -> Tensor:
    """``function(images)`` in chunks that bound memory."""
    return torch.cat([function(chunk) for chunk in images.split(EVALUATION_BATCH)])
