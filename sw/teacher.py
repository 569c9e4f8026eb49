"""The teacher: a small residual network in full precision, trained once per data set, then cached."""

import hashlib
import json
from dataclasses import asdict
from math import ceil
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn import functional

from sw.console import messages
from sw.downloads import cache_folder
from sw.errors import EngramError
from sw.files import write_atomically
from sw.fit import Classifier, Recipe, Split, fit, in_chunks

__all__ = ["Teacher", "teacher_logits"]

VERSION = 1
"""To be raised when the network or the loop changes, so that the cache gives no teacher of another kind."""
WEIGHT_DECAY = 0.02
SMALL_SIDE = 16


class Teacher(Classifier):
    """Stem, then two residual stages, the second at half the resolution (basic block of He et al. 2016).

    Images of more than 16 pixels are halved by the stem already.

    Parameters
    ----------
    height, width
        Image size in pixels.
    classes
        K.
    channels
        Channels of the first stage.
    """

    def __init__(self, height: int, width: int, classes: int, channels: int):
        super().__init__()
        stride = 2 if min(height, width) > SMALL_SIDE else 1
        self.stem = nn.Sequential(
            nn.Conv2d(1, channels, 3, stride, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()
        )
        self.stages = nn.Sequential(_Residual(channels, channels, 1), _Residual(channels, 2 * channels, 2))
        cells = ceil(height / (2 * stride)) * ceil(width / (2 * stride))
        self.head = nn.Linear(2 * channels * cells, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, K) of images (N, H, W) with pixels 0..255."""
        return self.head(self.stages(self.stem(images[:, None].float() / 255)).flatten(1))


class _Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut, which is a 1x1 convolution where sizes differ."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
        )
        self.second = nn.Sequential(
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs)
        )
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, values: Tensor) -> Tensor:
        return functional.relu(self.second(self.first(values)) + self.shortcut(values))


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
    channels = 32 if min(height, width) <= SMALL_SIDE else 16
    teacher = Teacher(height, width, classes, channels).to(train.images.device)
    shaping = ("teacher_epochs", "batch", "learning_rate", "shift", "rotate_deg", "flip")
    settings = {key: value for key, value in asdict(recipe).items() if key in shaping}
    key = json.dumps([VERSION, digest, seed, channels, settings, train.images.device.type], sort_keys=True)
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


def _loaded(teacher: Teacher, path: Path) -> bool:
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
