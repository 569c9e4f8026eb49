"""Statistics of the accuracies of many chips: their distribution, the yield, and how sure both are.

The intervals are about chips: how far another batch of chips may differ on the same images. How far other
images may differ is another question, which more chips do not answer. One chip says nothing about others, so
it has no interval.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CONFIDENCE",
    "Distribution",
    "Interval",
    "accuracy_interval",
    "distribution_of",
    "mean_interval",
    "share_interval",
]

Interval = tuple[float, float]

CONFIDENCE = 0.95
TAIL = (1 - CONFIDENCE) / 2


class Distribution(NamedTuple):
    """Accuracies of chips, all as shares.

    Attributes
    ----------
    mean, minimum, p5, maximum
        Of the chips; `p5` is the 5th percentile.
    std
        Of the chips; None for one chip.
    mean_interval
        Of the mean, see :func:`accuracy_interval`; None for one chip.
    yield_at
        Accuracy that a good chip reaches.
    yield_share
        Share of good chips.
    yield_low, yield_high
        Its interval, see :func:`share_interval`.
    """

    mean: float
    std: float | None
    minimum: float
    p5: float
    maximum: float
    mean_interval: Interval | None
    yield_at: float
    yield_share: float
    yield_low: float
    yield_high: float


def distribution_of(accuracies: NDArray[np.float64], yield_at: float, images: int) -> Distribution:
    """Distribution of the accuracies (chips,) on so many images; a chip is good from `yield_at` on."""
    good = int(np.sum(accuracies >= yield_at))
    return Distribution(
        float(accuracies.mean()),
        float(accuracies.std()) if len(accuracies) > 1 else None,
        float(accuracies.min()),
        float(np.percentile(accuracies, 5)),
        float(accuracies.max()),
        accuracy_interval(accuracies, images),
        yield_at,
        good / len(accuracies),
        *share_interval(good, len(accuracies)),
    )


def accuracy_interval(accuracies: NDArray[np.float64], images: int) -> Interval | None:
    """Interval of the mean of accuracies (chips,) on so many images: that of the mean, within 0 and 1."""
    found = mean_interval(accuracies, 1 / images)
    return found and (max(found[0], 0.0), min(found[1], 1.0))


def mean_interval(values: NDArray[np.float64], step: float) -> Interval | None:
    """Interval of the mean at 95 % confidence, by Student's t; one value has none.

    Parameters
    ----------
    values
        One of each chip, (chips,).
    step
        Distance of neighbouring values, 1 / images for accuracies. Values that are all alike differ by less
        than that, not by nothing: in place of their standard deviation stands that of rounding to such
        steps, step / sqrt(12).
    """
    from scipy import special  # inside: slow to import

    count = len(values)
    if count == 1:
        return None
    alike = np.ptp(values) < step / 2  # differences of shares are not exact
    mean, spread = float(values.mean()), step / np.sqrt(12) if alike else values.std(ddof=1)
    half = float(special.stdtrit(count - 1, 1 - TAIL) * spread / np.sqrt(count))
    return mean - half, mean + half


def share_interval(successes: int, trials: int) -> Interval:
    """Interval of a share at 95 % confidence, by Clopper and Pearson.

    It is the exact interval of the binomial distribution: it covers the true share in at least 95 % of
    batches, also when all chips are good or none is.
    """
    from scipy import special

    low = special.betaincinv(successes, trials - successes + 1, TAIL) if successes else 0.0
    high = special.betaincinv(successes + 1, trials - successes, 1 - TAIL) if successes < trials else 1.0
    return float(low), float(high)
