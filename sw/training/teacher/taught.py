"""Computed parts of a teacher, cached under these sources: the trained network, and the logits of any."""

import torch
from torch import Tensor

from sw.design.images import size_of
from sw.errors import EngramError
from sw.progress import SILENT, Listener
from sw.training.loop.fit import fit
from sw.training.loop.state import Run
from sw.training.loop.trainable import Classifier, Split, in_chunks
from sw.training.recipe import Recipe
from sw.training.teacher.residual import FAMILY, Residual, residual

__all__ = ["logits_of", "train_teacher", "untrained"]


def untrained(source: str, split: Split, classes: int) -> Residual:
    """A network of the family by its name, for images of that size, on their device.

    Raises
    ------
    EngramError
        If there is no such network.
    """
    if source not in FAMILY:
        raise EngramError(
            f"a teacher must be one of {', '.join(FAMILY)}, a file ending in .pt2 or .onnx, or "
            f"package.module:callable, got {source!r}"
        )
    return residual(source, size_of(split.images.shape), classes).to(split.images.device)


def train_teacher(
    network: Residual,
    train: Split,
    validation: Split,
    recipe: Recipe,
    *,
    run: Run | None = None,
    listener: Listener = SILENT,
) -> None:
    """Train a network as the recipe says of teachers; `run` and `listener` are those of the loop.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C ended the training; with `run`, the next call goes on.
    """
    finished = fit(
        network,
        train,
        validation,
        recipe.of_teacher(),
        recipe.teacher_epochs,
        label="teacher",
        weight_decay=recipe.teacher_weight_decay,
        run=run,
        listener=listener,
    )
    if not finished:
        raise KeyboardInterrupt


def logits_of(teacher: Classifier, images: Tensor, *, flip: bool) -> dict[str, Tensor]:
    """``logits`` of images (N, H, W) or (N, H, W, C), float32 (N, K) on the CPU, and with `flip` the
    ``mirrored`` ones."""
    with torch.no_grad():
        tensors = {"logits": in_chunks(teacher, images).cpu()}
        if flip:
            tensors["mirrored"] = in_chunks(teacher, images.flip(2)).cpu()
    return tensors
