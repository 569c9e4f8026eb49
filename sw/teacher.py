"""The teacher: a residual network in full precision, trained once per data set, then cached."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from sw.console import messages
from sw.downloads import cache_folder
from sw.errors import EngramError
from sw.files import write_atomically
from sw.fit import Recipe, Split, fit, in_chunks
from sw.residual import Residual, default_name, residual

__all__ = ["teacher_logits"]

VERSION = 2
"""To be raised when the network or the loop changes, so that the cache gives no teacher of another kind."""
WEIGHT_DECAY = 0.02


def teacher_logits(
    train: Split, validation: Split, classes: int, recipe: Recipe, seed: int, digest: str
) -> Tensor:
    """Logits (N, K) of the teacher over the training images, from the cache or after training it.

    The cache entry is named by the data's digest, the part of the recipe that shapes the teacher, and the
    seed.

    Parameters
    ----------
    train, validation
        Images and labels.
    classes
        K.
    recipe
        Epochs, batch, learning rate and augmentation.
    seed
        Seed that the caller has set, see :func:`sw.fit.deterministic`.
    digest
        Digest of the data set.
    """
    height, width = train.images.shape[1:]
    name = default_name(height, width)
    teacher = residual(name, height, width, classes).to(train.images.device)
    shaping = ("teacher_epochs", "batch", "learning_rate", "shift", "rotate_deg", "flip")
    settings = {key: value for key, value in asdict(recipe).items() if key in shaping}
    key = json.dumps([VERSION, digest, seed, name, settings, train.images.device.type], sort_keys=True)
    path = cache_folder() / "teachers" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.safetensors"
    if not _loaded(teacher, path):
        if not fit(
            teacher,
            train,
            validation,
            recipe,
            recipe.teacher_epochs,
            label="teacher",
            weight_decay=WEIGHT_DECAY,
        ):
            raise KeyboardInterrupt
        tensors = {name: value.cpu().contiguous() for name, value in teacher.state_dict().items()}
        try:
            write_atomically(path, safetensors.torch.save(tensors))
        except EngramError as error:
            messages.print(f"[yellow]the teacher is not kept:[/] {error}", soft_wrap=True)
    teacher.eval()
    with torch.no_grad():
        return in_chunks(teacher, train.images)


def _loaded(teacher: Residual, path: Path) -> bool:
    """Take the weights from the cache; an entry that is damaged, or of another shape or type, counts as none.

    It is looked at before anything is taken: PyTorch fills in what fits of a state that does not fit, and the
    training would then start from there.
    """
    try:
        state = safetensors.torch.load(path.read_bytes())
    except (OSError, safetensors.SafetensorError):
        return False
    if _layout(state) != _layout(teacher.state_dict()):
        return False
    teacher.load_state_dict(state)
    return True


def _layout(state: dict[str, torch.Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (value.shape, value.dtype) for name, value in state.items()}
