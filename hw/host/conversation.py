"""A conversation with a chip: many images, in spite of a bad line, held against the reference."""

import time
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hw.host.client import HostClient, NotReady, OutOfStep
from hw.host.protocol import Identity
from sw.bundle import Bundle
from sw.progress import SILENT, Done, Listener
from sw.reference.trace import Mismatch, Trace

__all__ = ["FIELDS", "Conversation", "disagreements", "link_seconds", "send_images", "when_ready"]


FIELDS = ("accepted", "label", "template", "margin")
"""Values of an answer, as in :class:`hw.host.protocol.Answer` and in the reference's trace."""
TRIES = 3
"""How often an image is sent before the line counts as unusable."""
POLL_S = 0.02
ECHOES = 9


class Conversation(NamedTuple):
    """What a chip said.

    Attributes
    ----------
    answers
        int64, (N, 4), the FIELDS.
    scores
        int64, (N, T), or None where nobody asked for them.
    seconds
        float64, (N,), from the first byte of an image to the last one of its answer; tries that failed are
        not in it.
    repeated
        How many times an image had to be sent again.
    """

    answers: NDArray[np.int64]
    scores: NDArray[np.int64] | None
    seconds: NDArray[np.float64]
    repeated: int


def when_ready(client: HostClient, limit: float) -> Identity:
    """Ask the chip who it is until it is ready, which takes one that loads its codes some milliseconds.

    Raises :class:`hw.host.client.NotReady` when it is not after `limit` seconds, and EngramError as
    :meth:`hw.host.client.HostClient.identify`.
    """
    end = time.monotonic() + limit
    while not (identity := client.identify()).ready:
        if time.monotonic() > end:
            raise NotReady(
                f"the chip must load its codes from flash, it is not ready after {limit:g} s; write the "
                "whole bitstream file to the flash of the board, as 'engram load' does"
            )
        time.sleep(POLL_S)
    return identity


def link_seconds(client: HostClient) -> float:
    """Median time that one byte takes to the chip and one back: what computer, bridge and wire add."""
    times = []
    for _ in range(ECHOES):
        started = time.perf_counter()
        client.echo()
        times.append(time.perf_counter() - started)
    return median(times)


def send_images(
    client: HostClient,
    bundle: Bundle,
    images: NDArray[np.uint8],
    levels: NDArray[np.uint8],
    *,
    with_scores: bool = False,
    limit: float = 2.0,
    done: Done = lambda images: None,
    listener: Listener = SILENT,
) -> Conversation:
    """Send images to a chip, the first one as image 0.

    An image whose answer is none is sent again, after the chip has been asked who it is, since it may have
    been reset meanwhile.

    Parameters
    ----------
    client, bundle
        The chip and what it was built from.
    images
        uint8, as in :mod:`sw.design.images`, for a chip with a front end.
    levels
        uint8, (N, F), their word-line values by the reference, for one without.
    with_scores
        Read all scores back after each image.
    limit
        Seconds that the chip may take to become ready.
    done
        Hears of every image that one more is finished.
    listener
        Hears of what is sent again.

    Raises
    ------
    EngramError
        If an image is not answered after TRIES times, or as :class:`hw.host.client.HostClient` says.
    """
    identity = when_ready(client, limit)
    noisy = bundle.array.read_noise is not None
    design = bundle.design
    answers = np.zeros((len(images), len(FIELDS)), np.int64)
    scores = np.zeros((len(images), design.templates), np.int64) if with_scores else None
    seconds = np.zeros(len(images))
    repeated = 0
    for number in range(len(images)):
        for left in reversed(range(TRIES)):
            try:
                if noisy and (number == 0 or left < TRIES - 1):
                    client.set_index(number)
                started = time.perf_counter()
                if identity.image_values:
                    answers[number] = client.classify(images[number])
                else:
                    answers[number] = client.classify_levels(levels[number])
                seconds[number] = time.perf_counter() - started
                if scores is not None:
                    scores[number] = client.scores()
                break
            except (OutOfStep, NotReady) as error:
                if not left:
                    raise
                listener.warn(f"image {number} is sent again: {error}")
                repeated += 1
                client.resynchronise()
                identity = when_ready(client, limit)
        done(1)
    return Conversation(answers, scores, seconds, repeated)


def disagreements(expected: Trace, came: Conversation) -> list[Mismatch]:
    """Every value that is not the reference's, by image, in the order of FIELDS and then scores."""
    wanted = np.stack([getattr(expected, name) for name in FIELDS], axis=1).astype(np.int64)
    found = [
        (image, field, Mismatch(image, FIELDS[field], (), int(wanted[image, field]), int(answer)))
        for image, field in np.argwhere(came.answers != wanted).tolist()
        for answer in [came.answers[image, field]]
    ]
    if came.scores is not None:
        found += [
            (
                image,
                len(FIELDS) + template,
                Mismatch(
                    image,
                    "scores",
                    (template,),
                    int(expected.scores[image, template]),
                    int(came.scores[image, template]),
                ),
            )
            for image, template in np.argwhere(came.scores != expected.scores).tolist()
        ]
    return [mismatch for _, _, mismatch in sorted(found, key=lambda item: item[:2])]
