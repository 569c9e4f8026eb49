"""One training loop for teacher, twin and student: augmentation, loss, best checkpoint, progress."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sw.console import progress

__all__ = ["Classifier", "Recipe", "Split", "accuracy", "deterministic", "fit", "in_chunks"]

EVALUATION_BATCH = 500
THREADS = 1
"""Threads of PyTorch on the CPU. The order of its sums, hence the last bits, depends on their number. With
layers this small a second thread lost a factor of 7 to 35 when the cores were busy with something else."""


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Parameters
    ----------
    epochs, float_epochs, teacher_epochs
        Passes over the training images by the student, its full-precision twin and the teacher.
    batch
        Images per step.
    learning_rate
        Peak of the schedule: a short linear rise, then a cosine to zero (AdamW).
    shift
        Augmentation: every image moves by up to this many pixels in both directions.
    rotate_deg
        Augmentation: every image turns by up to this many degrees.
    flip
        Augmentation: mirror half of the images left to right.
    distil_weight
        Weight of the distillation term beside the cross-entropy; 0 trains without a teacher.
    temperature
        T of the distillation term, T**2 * KL(teacher / T, student / T) (Hinton, Vinyals, Dean 2015).
    """

    epochs: int
    float_epochs: int
    teacher_epochs: int
    batch: int = 250
    learning_rate: float = 1e-2
    shift: float = 1.0
    rotate_deg: float = 10.0
    flip: bool = False
    distil_weight: float = 0.5
    temperature: float = 3.0


@dataclass(frozen=True)
class Split:
    """Images (N, H, W) uint8 and labels (N,) int64 on the training device."""

    images: Tensor
    labels: Tensor

    @classmethod
    def of(cls, images: NDArray, labels: NDArray, device: torch.device) -> "Split":
        """Copy arrays to a device."""
        return cls(torch.tensor(images, device=device), torch.tensor(labels, device=device).long())


class Classifier(nn.Module):
    """What :func:`fit` trains: a network whose forward gives logits (N, K) of images (N, H, W)."""

    def predict(self, images: Tensor) -> Tensor:
        """Classes (N,)."""
        return self(images).argmax(dim=1)

    def clamp_(self) -> None:
        """Bring parameters back into their bounds after a step; nothing by default."""


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Same seed, same bits on one machine; the caller's generator and settings come back afterwards."""
    # cuBLAS reads this when it starts; without it PyTorch refuses its matrix products as not deterministic.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before, threads = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True)
        torch.set_num_threads(THREADS)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before)
            torch.set_num_threads(threads)


def fit(
    model: Classifier,
    train: Split,
    validation: Split,
    recipe: Recipe,
    epochs: int,
    *,
    label: str,
    teacher_logits: Tensor | None = None,
    weight_decay: float = 0.0,
) -> bool:
    """Train, and leave the model at its best epoch by validation accuracy (the later one of equals).

    Ctrl-C ends the training early: the model is left at its best epoch so far.

    Parameters
    ----------
    model
        Changed in place; in evaluation mode afterwards.
    train, validation
        Training images, and those that choose the epoch.
    recipe
        Batch, learning rate, augmentation, distillation.
    epochs
        Passes over the training images.
    label
        Name in the progress bar.
    teacher_logits
        (N, K) for the training images; None trains by labels alone.
    weight_decay
        Of AdamW.

    Returns
    -------
    bool
        True if all epochs ran, False after Ctrl-C.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C came before the first epoch was validated.
    """
    steps = -(-len(train.images) // recipe.batch)
    optimiser = torch.optim.AdamW(model.parameters(), recipe.learning_rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=steps * epochs, pct_start=0.1, cycle_momentum=False
    )
    best_accuracy, best_state = -1.0, None
    with progress() as bar:
        task = bar.add_task(label, total=epochs, note="")
        try:
            for epoch in range(epochs):
                loss = _epoch(model, train, recipe, teacher_logits, optimiser, schedule)
                reached = accuracy(model, validation)
                if reached >= best_accuracy:
                    best_accuracy, best_state = reached, _copy(model)
                note = f"loss {loss:.3f}, validation {reached:.2%}, best {best_accuracy:.2%}"
                bar.update(task, completed=epoch + 1, note=note)
        except KeyboardInterrupt:
            if best_state is None:
                raise
        finished = bool(bar.finished)
    assert best_state is not None
    model.load_state_dict(best_state)
    model.eval()
    return finished


def accuracy(model: Classifier, split: Split) -> float:
    """Share of images whose predicted class is the label; the model is put into evaluation mode."""
    model.eval()
    with torch.no_grad():
        right = in_chunks(model.predict, split.images) == split.labels
    return float(right.double().mean())


def in_chunks(function, images: Tensor) -> Tensor:
    """``function(images)`` in chunks that bound memory."""
    return torch.cat([function(chunk) for chunk in images.split(EVALUATION_BATCH)])


def _epoch(model, train, recipe, teacher_logits, optimiser, schedule) -> float:
    """One pass over the training images; the mean loss."""
    model.train()
    order = torch.randperm(len(train.images)).to(train.images.device)
    total = 0.0
    for chosen in order.split(recipe.batch):
        logits = model(_augmented(train.images[chosen], recipe))
        loss = functional.cross_entropy(logits, train.labels[chosen])
        if teacher_logits is not None:
            loss = loss + recipe.distil_weight * _distillation(
                logits, teacher_logits[chosen], recipe.temperature
            )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        model.clamp_()
        schedule.step()
        total += float(loss.detach()) * len(chosen)
    return total / len(order)


def _distillation(logits: Tensor, teacher_logits: Tensor, temperature: float) -> Tensor:
    """T**2 * KL between softened teacher and student; T**2 keeps the gradient's size (Hinton et al. 2015)."""
    return temperature**2 * functional.kl_div(
        functional.log_softmax(logits / temperature, dim=1),
        functional.log_softmax(teacher_logits / temperature, dim=1),
        reduction="batchmean",
        log_target=True,
    )


def _augmented(images: Tensor, recipe: Recipe) -> Tensor:
    """Images moved, turned and mirrored at random, bilinear, rounded to integers; edges are black."""
    count, height, width = images.shape
    # Drawn on the CPU, so that every device sees the same numbers.
    draws = torch.rand(4, count)
    angle = (2 * draws[0] - 1) * math.radians(recipe.rotate_deg)
    mirror = torch.where(draws[1] < 0.5, -1.0, 1.0) if recipe.flip else torch.ones(count)
    across, down = (2 * draws[2:] - 1) * 2 * recipe.shift / torch.tensor([[width], [height]])
    cosine, sine = angle.cos(), angle.sin()
    rows = (mirror * cosine, -sine * height / width, across, mirror * sine * width / height, cosine, down)
    matrix = torch.stack(rows, dim=1).view(count, 2, 3).to(images.device)
    grid = functional.affine_grid(matrix, [count, 1, height, width], align_corners=False)
    return functional.grid_sample(images[:, None].float(), grid, align_corners=False)[:, 0].round()


def _copy(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
