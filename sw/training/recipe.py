"""How to train: every number of a training run that is not a size of the design."""

from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["Distillation", "Precision", "Recipe"]

Distillation = Literal["none", "static", "dynamic"]
Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Parameters
    ----------
    epochs, float_epochs, teacher_epochs
        Passes over the training images by the student, its full-precision twin and the teacher.
    batch
        Images per step.
    teacher_batch
        Images per step of the teacher; None takes as many as the student.
    learning_rate, teacher_learning_rate
        Peak of the schedule: a short linear rise, then a cosine to zero (AdamW).
    teacher_weight_decay
        Of the teacher's parameters (AdamW). Its answers teach the more, the less it has learned the images by
        heart.
    weight_decay
        Of the student's convolution weights (AdamW), which are then kept in their bounds too.
    teacher
        Name in :data:`sw.training.teacher.residual.FAMILY` or the user's own, see
        :mod:`sw.training.teacher.foreign`; None is that of the image size.
    teacher_seed
        Seed of the teacher, so that students of other seeds learn from the same one.
    shift
        Augmentation: every image moves by up to this many pixels in both directions; by whole pixels if this
        is a whole number and images do not turn.
    rotate_deg
        Augmentation: every image turns by up to this many degrees.
    flip
        Augmentation: mirror half of the images left to right.
    cutout
        Augmentation: side in pixels of a square that is black in every image, centred on any of its pixels
        (DeVries and Taylor 2017, arXiv 1708.04552); 0 leaves images whole.
    distil
        ``none`` trains without a teacher, ``static`` and ``dynamic`` as in :mod:`sw.training.loop.losses`.
    distil_weight
        Weight of the distillation term beside the cross-entropy.
    temperature
        T of the distillation term.
    similarity_weight
        Weight of the feature-level term, see :func:`sw.training.loop.losses.similarity_loss`; 0 leaves it
        out.
    soft_share
        Share of the student's epochs with real-valued weights and activations, clamped but not rounded,
        before both are quantised; features and templates are binary from the start.
    macs_nonzero
        Multiply-accumulates with a weight that is not zero, to which the student is pruned step by step
        (:mod:`sw.training.student.pruning`); None does not prune.
    ema_decay
        Of the exponential moving average of all parameters, per step, which is what is validated and kept;
        0 keeps the parameters themselves, which come to rest by themselves as the learning rate does.
    latent_bound
        Of the latent values of stored bits: at one learning rate, the smaller, the sooner a bit changes its
        mind. A small bound suits short trainings, a larger one long ones.
    diversity_weight
        Weight of the mean similarity of templates of one class, see
        :meth:`sw.training.student.heads.TemplateHead.penalty`.
    class_weights
        Whether an image counts by the share of its class: one of a class with a tenth of the mean number of
        training images counts ten times. For the teacher too.
    precision
        Of convolutions in training; evaluation is exact in either case. bfloat16 takes half the time where
        the processor multiplies it in hardware, and 2.4 times the time where it does not, as was measured
        with the MNIST and CIFAR-10 presets on a processor with AVX2 alone.
    """

    epochs: int
    float_epochs: int
    teacher_epochs: int
    batch: int = 250
    teacher_batch: int | None = None
    learning_rate: float = 1e-2
    teacher_learning_rate: float = 1e-2
    teacher_weight_decay: float = 0.02
    weight_decay: float = 0.0
    teacher: str | None = None
    teacher_seed: int = 0
    shift: float = 1.0
    rotate_deg: float = 10.0
    flip: bool = False
    cutout: int = 0
    distil: Distillation = "static"
    distil_weight: float = 0.5
    temperature: float = 3.0
    similarity_weight: float = 0.0
    soft_share: float = 0.0
    macs_nonzero: int | None = None
    ema_decay: float = 0.0
    latent_bound: float = 0.1
    diversity_weight: float = 0.0
    class_weights: bool = False
    precision: Precision = "float32"

    def of_teacher(self) -> "Recipe":
        """What the teacher is trained by: this recipe, with the teacher's batch and learning rate."""
        batch = self.batch if self.teacher_batch is None else self.teacher_batch
        return replace(self, batch=batch, learning_rate=self.teacher_learning_rate)
