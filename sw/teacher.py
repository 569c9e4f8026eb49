"""The teacher: a residual network trained once per data set, or the user's own; its answers are kept."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from sw.console import messages
from sw.errors import EngramError
from sw.fit import Classifier, Recipe, Split, accuracy, fit, in_chunks
from sw.foreign_teacher import content_digest, foreign_teacher, is_foreign
from sw.residual import FAMILY, Residual, default_name, residual
from sw.teacher_cache import entry_path, keep, kept, tensors_digest

__all__ = ["Targets", "teacher_logits", "teacher_targets"]

VERSION = 2
"""To be raised when networks or the loop change, so that the cache gives no teacher of another kind."""
WEIGHT_DECAY = 0.02
SHAPING = (
    "teacher_epochs",
    "batch",
    "learning_rate",
    "shift",
    "rotate_deg",
    "flip",
    "ema_decay",
    "precision",
)
"""What of a recipe makes another teacher."""
TRIED = 8
"""Images that the user's own teacher is tried with."""


@dataclass(frozen=True)
class Targets:
    """What a student learns from a teacher.

    Attributes
    ----------
    logits
        float32, (N, K), over the training images.
    mirrored
        float32, (N, K), over the training images mirrored left to right; None if the recipe mirrors none.
    accuracy
        Of the teacher on the validation images, 0..1.
    digest
        SHA-256 over what the teacher is, on which data, and its logits.
    """

    logits: Tensor
    mirrored: Tensor | None
    accuracy: float
    digest: str


def teacher_targets(
    train: Split,
    validation: Split,
    classes: int,
    recipe: Recipe,
    seed: int,
    digest: str,
    *,
    source: str,
    run: Any = None,
) -> Targets:
    """The teacher's answers to the training images, from the cache or after computing them.

    A network of the family is trained first, if the cache has no such teacher: one of this data, recipe, seed
    and kind of device. Answers of a file are kept too; an entry point is asked every time. Logits are
    computed in float32.

    Parameters
    ----------
    train, validation
        Images and labels.
    classes
        K.
    recipe
        Epochs, batch, learning rate, augmentation and precision.
    seed
        Seed that the caller has set, see :func:`sw.fit.deterministic`.
    digest
        Digest of the data set.
    source
        Name in :data:`sw.residual.FAMILY`, path of the user's own ending in ``.pt2`` or ``.onnx``, or
        ``package.module:callable``; see :mod:`sw.foreign_teacher`.
    run
        Keeps state and log of the training, see :func:`sw.fit.fit`.

    Raises
    ------
    EngramError
        If there is no such teacher, or the user's own does not do what a teacher must.
    KeyboardInterrupt
        If Ctrl-C ended the training; with `run`, the next call goes on.
    """
    device = train.images.device.type
    network = None
    if is_foreign(source):
        content = content_digest(source)
        identity: list[Any] = [VERSION, content or source, digest, recipe.flip, device]
    else:
        content = source
        network = _untrained(source, train, classes)
        settings = {key: value for key, value in asdict(recipe).items() if key in SHAPING}
        identity = [VERSION, source, digest, seed, settings, WEIGHT_DECAY, device]
    shape = torch.empty(len(train.images), classes)
    names = ("logits", "mirrored") if recipe.flip else ("logits",)
    entry = kept(entry_path(identity, "logits"), identity, dict.fromkeys(names, shape)) if content else None
    if entry:
        tensors, values = entry
        reached = float(values["accuracy"])
    else:
        if network is None:
            teacher: Classifier = foreign_teacher(source, classes, train.images[:TRIED])
        else:
            teacher = _trained(network, identity, train, validation, recipe, run)
        teacher.eval()
        with torch.no_grad():
            tensors = {"logits": in_chunks(teacher, train.images)}
            if recipe.flip:
                tensors["mirrored"] = in_chunks(teacher, train.images.flip(2))
        reached = accuracy(teacher, validation)
        if content:
            keep(entry_path(identity, "logits"), identity, tensors, {"accuracy": reached})
    found = {name: value.to(train.images.device) for name, value in tensors.items()}
    targets = Targets(found["logits"], found.get("mirrored"), reached, tensors_digest(identity, tensors))
    _report(source, targets, classes)
    return targets


def teacher_logits(
    train: Split, validation: Split, classes: int, recipe: Recipe, seed: int, digest: str
) -> Tensor:
    """Logits (N, K) of the default teacher for the image size, see :func:`teacher_targets`."""
    source = default_name(*train.images.shape[1:])
    return teacher_targets(train, validation, classes, recipe, seed, digest, source=source).logits


def _untrained(source: str, train: Split, classes: int) -> Residual:
    if source not in FAMILY:
        raise EngramError(
            f"a teacher must be one of {', '.join(FAMILY)}, a file ending in .pt2 or .onnx, or "
            f"package.module:callable, got {source!r}"
        )
    height, width = train.images.shape[1:]
    return residual(source, height, width, classes).to(train.images.device)


def _trained(
    network: Residual, identity: list[Any], train: Split, validation: Split, recipe: Recipe, run: Any
) -> Residual:
    """The network with weights from the cache, or trained.

    An entry is looked at as a whole before anything is taken: PyTorch fills in what fits of a state that does
    not fit, and the training would then start from there.
    """
    path = entry_path(identity, "weights")
    entry = kept(path, identity, network.state_dict())
    if entry:
        network.load_state_dict(entry[0])
        return network
    options = {} if run is None else {"run": run}
    finished = fit(
        network,
        train,
        validation,
        recipe,
        recipe.teacher_epochs,
        label="teacher",
        weight_decay=WEIGHT_DECAY,
        **options,
    )
    if not finished:
        raise KeyboardInterrupt
    keep(path, identity, network.state_dict(), {})
    return network


def _report(source: str, targets: Targets, classes: int) -> None:
    """Say what the teacher reaches, and warn of one that knows next to nothing."""
    messages.print(
        f"teacher {source}: validation {targets.accuracy:.2%}, digest {targets.digest[:12]}",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
    chance = 1 / classes
    # Twice chance; of two or three classes, half the way from chance to certainty.
    if targets.accuracy < min(2 * chance, (1 + chance) / 2):
        messages.print(
            f"[yellow]the teacher is hardly better than chance ({chance:.1%}):[/] it must know this data, "
            "its classes in this order, pixels 0..1",
            soft_wrap=True,
            highlight=False,
        )
