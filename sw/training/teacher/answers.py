"""The teacher: a residual network trained once per data set, or the user's own; its answers are cached."""

from dataclasses import asdict, dataclass
from typing import Any

import torch

from sw.progress import SILENT, Listener
from sw.training.loop.losses import Targets
from sw.training.loop.state import Run
from sw.training.loop.trainable import Classifier, Split, accuracy
from sw.training.recipe import Recipe
from sw.training.run.state_file import digest_of
from sw.training.teacher.cache import keep, kept
from sw.training.teacher.foreign import content_digest, foreign_teacher, is_foreign
from sw.training.teacher.residual import Residual
from sw.training.teacher.taught import logits_of, train_teacher, untrained

__all__ = ["TeacherTargets", "teacher_targets"]

VERSION = 2
"""Version of the contents of a teacher's digest; cached files follow the sources by themselves."""
SHAPING = (
    "teacher_epochs",
    "batch",
    "teacher_learning_rate",
    "shift",
    "rotate_deg",
    "flip",
    "ema_decay",
    "precision",
)
"""Fields of a recipe that change the teacher."""
TRIED = 8
"""Images that the user's own teacher is tried with."""


@dataclass(frozen=True, kw_only=True)
class TeacherTargets(Targets):
    """Answers of a teacher that a student learns from.

    Attributes
    ----------
    accuracy
        Of the teacher on the validation images, 0..1.
    digest
        SHA-256 over what the teacher is, on which data, and its logits.
    """

    accuracy: float
    digest: str


def teacher_targets(
    train: Split,
    validation: Split,
    classes: int,
    recipe: Recipe,
    digest: str,
    *,
    source: str,
    run: Run | None = None,
    listener: Listener = SILENT,
) -> TeacherTargets:
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
        Epochs, batch, learning rate, augmentation, precision, and the seed, which the caller has set
        (:func:`sw.training.determinism.deterministic`).
    digest
        Digest of the data set.
    source
        Name in :data:`sw.training.teacher.residual.FAMILY`, path of the user's own ending in ``.pt2`` or
        ``.onnx``, or ``package.module:callable``; see :mod:`sw.training.teacher.foreign`.
    run
        Keeps state and log of the training, see :func:`sw.training.loop.fit.fit`.
    listener
        Hears of the training, and of how good the teacher is.

    Raises
    ------
    EngramError
        If there is no such teacher, or the user's own does not do what a teacher must.
    KeyboardInterrupt
        If Ctrl-C ended the training; with `run`, the next call goes on.
    """
    identity: dict[str, Any] = {
        "version": VERSION,
        "torch": torch.__version__,
        "data": digest,
        "device": train.images.device.type,
    }
    if is_foreign(source):
        network, file = None, content_digest(source)
        cached = file is not None
        identity |= {"teacher": file or source, "flip": recipe.flip}
    else:
        network, cached = untrained(source, train, classes), True
        settings = {key: value for key, value in asdict(recipe.of_teacher()).items() if key in SHAPING}
        if recipe.class_weights:  # only then, so that the digests of other teachers stay what they are
            settings["class_weights"] = True
        if recipe.cutout:
            settings["cutout"] = recipe.cutout
        settings["weight_decay"] = recipe.teacher_weight_decay
        identity |= {"teacher": source, "seed": recipe.teacher_seed, **settings}
    shape = torch.empty(len(train.images), classes)
    names = ("logits", "mirrored") if recipe.flip else ("logits",)
    entry = kept(identity, "logits", dict.fromkeys(names, shape)) if cached else None
    if entry:
        tensors, values = entry
    else:
        if network:
            teacher: Classifier = _trained(network, identity, train, validation, recipe, run, listener)
        else:
            teacher = foreign_teacher(source, classes, train.images[:TRIED])
        values = {"accuracy": accuracy(teacher, validation)}
        tensors = logits_of(teacher, train.images, flip=recipe.flip)
        if cached:
            keep(identity, "logits", tensors, values, listener.warn)
    found = {name: value.to(train.images.device) for name, value in tensors.items()}
    targets = TeacherTargets(**found, accuracy=values["accuracy"], digest=digest_of(identity, tensors))
    _report(source, targets, classes, listener)
    return targets


def _trained(
    network: Residual,
    identity: dict[str, Any],
    train: Split,
    validation: Split,
    recipe: Recipe,
    run: Run | None,
    listener: Listener,
) -> Residual:
    """The network with weights from the cache, or trained.

    An entry is looked at as a whole before anything is taken: PyTorch fills in what fits of a state that does
    not fit, and the training would then start from there.
    """
    entry = kept(identity, "weights", network.state_dict())
    if entry:
        network.load_state_dict(entry[0])
        return network
    train_teacher(network, train, validation, recipe, run=run, listener=listener)
    keep(identity, "weights", network.state_dict(), {}, listener.warn)
    return network


def _report(source: str, targets: TeacherTargets, classes: int, listener: Listener) -> None:
    """Say what the teacher reaches, and warn of one that knows next to nothing."""
    listener.say(f"teacher {source}: validation {targets.accuracy:.2%}, digest {targets.digest[:12]}")
    chance = 1 / classes
    # Twice chance; of two or three classes, half the way from chance to certainty.
    if targets.accuracy < min(2 * chance, (1 + chance) / 2):
        listener.warn(
            f"the teacher is hardly better than chance ({chance:.1%}): it must know this data, its classes "
            "in this order, pixels 0..1"
        )
