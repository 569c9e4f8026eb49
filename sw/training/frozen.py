"""Templates that are learned while the front end stays as it is: of an imported student, or of any bundle."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from sw.progress import OpenStage, unseen
from sw.training.determinism import deterministic
from sw.training.student.heads import TemplateHead

__all__ = ["EPOCHS", "learned_templates"]

EPOCHS = 20
BATCH = 128
LEARNING_RATE = 2e-3
BOUND = 0.1
"""Of the latents, as in trainings of this length. They begin at a tenth of it: a few steps turn a bit."""


def learned_templates(
    train: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    validation: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    start: NDArray[np.uint8],
    classes: int,
    *,
    seed: int = 0,
    epochs: int = EPOCHS,
    stage: OpenStage = unseen,
) -> NDArray[np.uint8]:
    """Templates that tell the classes of the training images apart, by gradient descent on their latents.

    Parameters
    ----------
    train, validation
        Word-line bits uint8 (N, F), and labels (N,). Of the templates after each epoch, and of `start`, those
        with the highest accuracy on the validation images are taken, the first of equal ones.
    start
        uint8, (T, F), where it begins; template t belongs to class ``t // (T // classes)``.
    classes
        K.
    seed
        Of the order of the images.
    epochs
        Passes over the training images; the learning rate falls to 0 over them as a cosine.
    stage
        Hears of the epochs.

    Returns
    -------
    ndarray
        uint8, (T, F).
    """
    bits, labels = (torch.from_numpy(part) for part in train)
    steps = epochs * -(-len(bits) // BATCH)
    with deterministic(seed), stage("learning templates", epochs, "epochs") as bar:
        head = TemplateHead(start.shape[1], classes, len(start) // classes, BOUND)
        with torch.no_grad():
            head.latent.copy_(torch.from_numpy(start).float().mul(2).sub(1).mul(BOUND / 10))
        optimiser = torch.optim.Adam(head.parameters(), LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        best, found = _accuracy(head, *validation), start
        for _ in range(epochs):
            for chosen in torch.randperm(len(bits)).split(BATCH):
                loss = functional.cross_entropy(head(bits[chosen].float()), labels[chosen].long())
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
                head.clamp_()
            share = _accuracy(head, *validation)
            if share > best:
                best, found = share, head.templates()
            bar.done(1)
            bar.note(f"validation {best:.2%}")
    return found


def _accuracy(head: TemplateHead, bits: NDArray[np.uint8], labels: NDArray[np.uint8]) -> float:
    right = 0
    with torch.no_grad():
        for start in range(0, len(bits), 1_000):
            step = slice(start, start + 1_000)
            answers = head.predict(torch.from_numpy(bits[step]).float())
            right += int((answers.numpy() == labels[step]).sum())
    return right / max(len(labels), 1)
