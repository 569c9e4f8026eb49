"""One training loop for teacher, twin and student: loss, moving average, what is kept, resume, progress."""

import math
import time
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from sw.errors import EngramError
from sw.progress import SILENT, Listener
from sw.system.signals import raise_again
from sw.training.loop.augment import augmented
from sw.training.loop.losses import Progress, Targets, class_weights, similarity_loss, student_loss
from sw.training.loop.settle import settle
from sw.training.loop.state import Run, packed, unpacked
from sw.training.loop.trainable import Classifier, Split, accuracy
from sw.training.recipe import Recipe

__all__ = ["fit"]

VALIDATIONS = 20
"""Number of validations of a training at most; every epoch of a shorter one. They are there to watch."""
WATCHED = 4_000
"""Training images that batch norms settle on for a validation on the way: six layers of 11 million MACs took
longer to settle on all that :mod:`sw.training.loop.settle` shows than to train for an epoch."""
SAVE_SECONDS = 60.0
RISING_SHARE = 0.1


def fit(
    model: Classifier,
    train: Split,
    validation: Split,
    recipe: Recipe,
    epochs: int,
    *,
    label: str,
    targets: Targets | None = None,
    weight_decay: float = 0.0,
    run: Run | None = None,
    listener: Listener = SILENT,
) -> bool:
    """Train, and leave the model as it is at the end.

    Nothing is chosen. The learning rate has come to nothing there, so the last epochs hardly differ; their
    validations do, by chance, and the best of many is a lucky one as often as a better network. It would
    also make the validation accuracy one that was chosen for being high. Batch norms get their statistics
    from a fixed set of training images at last (:mod:`sw.training.loop.settle`).

    Ctrl-C in the last phase ends the training early: the model is left as it was after the last whole epoch.

    Parameters
    ----------
    model
        Changed in place; in evaluation mode afterwards.
    train, validation
        Training images, and those that show how far it is.
    recipe
        Batch, learning rate, augmentation, distillation, moving average, precision.
    epochs
        Passes over the training images.
    label
        Name of the stage that `listener` hears of.
    targets
        The teacher's answers to the training images; None trains by labels alone.
    weight_decay
        Of AdamW.
    run
        Keeps state and log; a state that is there already is gone on from.
    listener
        Hears of every epoch, with its loss and accuracy.

    Returns
    -------
    bool
        True if all epochs ran, False after Ctrl-C.

    Raises
    ------
    EngramError
        If the loss is not finite.
    KeyboardInterrupt
        If Ctrl-C came before an epoch had ended in the last phase.
    """
    training = _Training(model, train, validation, recipe, epochs, targets, weight_decay)
    state = run.load() if run else None
    if state:
        training.restore(state)
    saved = -math.inf
    with listener.stage(label, epochs) as stage:
        stage.done(training.epoch)
        try:
            while training.epoch < epochs:
                row = training.next_epoch()
                note = f"loss {row['loss']:.3f}"
                if row["validation"] is not None:
                    note += f", validation {row['validation']:.2%}"
                stage.note(note)
                stage.done(1)
                if run:
                    run.log(row)
                loss = row["loss"]
                assert isinstance(loss, float)
                if not math.isfinite(loss):
                    raise EngramError(
                        f"the loss of the {label} must stay finite, it is {loss} in epoch "
                        f"{training.epoch}; use a smaller learning rate"
                    )
                if run:
                    if time.monotonic() - saved > SAVE_SECONDS or training.epoch == epochs:
                        run.save(training.state())
                        saved = time.monotonic()
        except KeyboardInterrupt:
            if training.whole is None:
                raise
        finished = training.epoch == epochs
    assert training.whole is not None
    model.load_state_dict(training.whole)
    settle(model, train.images)
    model.eval()
    return finished


class _Training:
    """The moving parts of one call of :func:`fit`."""

    def __init__(self, model, train, validation, recipe, epochs, targets, weight_decay):
        self.model, self.train, self.validation = model, train, validation
        self.recipe, self.epochs, self.targets = recipe, epochs, targets
        self.steps = -(-len(train.images) // recipe.batch)
        decayed = list(model.decayed())
        others = [each for each in model.parameters() if all(each is not one for one in decayed)]
        groups: list[dict[str, Any]] = [{"params": decayed}, {"params": others, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, recipe.learning_rate, weight_decay=weight_decay)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser,
            recipe.learning_rate,
            total_steps=self.steps * epochs,
            pct_start=_rising_share(self.steps * epochs),
            cycle_momentum=False,
        )
        self.average = None
        if recipe.ema_decay:
            blend = get_ema_multi_avg_fn(recipe.ema_decay)
            self.average = AveragedModel(model, multi_avg_fn=blend, use_buffers=True)
        self.weights = class_weights(train.labels) if recipe.class_weights else None
        self.progress, self.phase, self.epoch = Progress(), "", 0
        self.whole: dict[str, Tensor] | None = None
        """The network after the last whole epoch, if that ended in the last phase."""
        self.every = -(-epochs // VALIDATIONS)

    def next_epoch(self) -> dict[str, float | int | str | None]:
        """Train one epoch and validate it if it is its turn; a row of the log."""
        started = time.monotonic()
        loss = self._pass()
        self.epoch += 1
        latest = self._latest()
        reached = None
        if self.epoch % self.every == 0 or self.epoch == self.epochs:
            images = self.train.images
            settle(latest, images if self.epoch == self.epochs else images[:WATCHED])
            reached = accuracy(latest, self.validation)
        self._keep(latest)
        taught = self.targets is not None
        return {
            "epoch": self.epoch,
            "phase": self.phase,
            "learning_rate": self.schedule.get_last_lr()[0],
            "loss": loss,
            "validation": reached,
            "macs_nonzero": self.model.macs_nonzero(),
            "temperature": self.progress.temperature(self.recipe) if taught else None,
            "agreement": self.progress.agreement if taught else None,
            "seconds": time.monotonic() - started,
        }

    def _pass(self) -> float:
        """One pass over the training images; the mean loss."""
        model, recipe, images = self.model, self.recipe, self.train.images
        low = recipe.precision == "bfloat16"
        model.train()
        order = torch.randperm(len(images)).to(images.device)
        total = 0.0
        for step, chosen in enumerate(order.split(recipe.batch)):
            raise_again()
            self._advance(self.epoch * self.steps + step)
            shown, mirrored = augmented(images[chosen], recipe)
            taught = self.targets.of(chosen, mirrored) if self.targets else None
            with torch.autocast(images.device.type, torch.bfloat16, enabled=low):
                logits, bits = model.outputs(shown)
            labels = self.train.labels[chosen]
            loss = student_loss(logits.float(), labels, taught, recipe, self.progress, self.weights)
            if taught is not None and bits is not None and recipe.similarity_weight:
                loss = loss + recipe.similarity_weight * similarity_loss(bits, taught)
            loss = loss + model.penalty()
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            model.clamp_()
            self.schedule.step()
            if self.average:
                self.average.update_parameters(model)
            total += float(loss.detach()) * len(chosen)
        return total / len(order)

    def _advance(self, step: int) -> None:
        steps = self.epochs * self.steps
        self.model.advance(step, steps)
        phase = self.model.phase(step, steps)
        if phase != self.phase:
            self.phase = phase
            if self.average:  # weights may have been scaled
                self.average.module.load_state_dict(self.model.state_dict())

    def _latest(self) -> Classifier:
        """The network as it is: the model, or its moving average with the model's own pruned weights."""
        if not self.average:
            return self.model
        average = self.average.module
        assert isinstance(average, Classifier)
        average.eval()
        average.advance(self.epoch * self.steps - 1, self.epochs * self.steps)
        for own, theirs in zip(self.model.buffers(), average.buffers(), strict=True):
            if own.dtype == torch.bool:
                theirs.copy_(own)
        return average

    def _keep(self, latest: Classifier) -> None:
        """Remember the network after an epoch that ended in the last phase."""
        steps = self.epochs * self.steps
        if self.phase == self.model.phase(steps - 1, steps):
            self.whole = {name: value.detach().clone() for name, value in latest.state_dict().items()}

    def state(self):
        """State for :meth:`restore`."""
        models = {"model": self.model.state_dict()}
        if self.average:
            models["average"] = self.average.state_dict()
        values = {"epoch": self.epoch, "phase": self.phase, "agreement": self.progress.agreement}
        return packed(models, self.optimiser, self.schedule, values)

    def restore(self, state) -> None:
        """Go on where `state` was taken."""
        models: dict[str, nn.Module] = {"model": self.model}
        if self.average:
            models["average"] = self.average
        unpacked(state, models, self.optimiser, self.schedule)
        values = state.values
        self.epoch, self.phase = values["epoch"], values["phase"]
        self.progress.agreement = values["agreement"]
        self._keep(self._latest())


def _rising_share(steps: int) -> float:
    """Share of the steps in which the learning rate rises.

    PyTorch divides by the length of the rise, which is one step less than this share of all steps; so where a
    tenth of them is a single step, it rises for two.
    """
    return RISING_SHARE if RISING_SHARE * steps != 1 else 2 / steps
