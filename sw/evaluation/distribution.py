"""Statistics of the accuracies of many chips: their distribution, the yield, and how sure both are.

The intervals are about chips: how far another batch of chips may differ on the same images. How far other
images may differ is another question, which more chips do not answer.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["CONFIDENCE", "Distribution", "distribution_of", "mean_interval", "share_interval"]

CONFIDENCE = 0.95
TAIL = (1 - CONFIDENCE) / 2


class Distribution(NamedTuple):
    """Accuracies of chips, all as shares.

    Attributes
    ----------
    mean, std, minimum, p5, maximum
        Of the chips; `p5` is the 5th percentile.
    mean_low, mean_high
        Interval of the mean, see :func:`mean_interval`.
    yield_at
        Accuracy that a good chip reaches.
    yield_share
        Share of good chips.
    yield_low, yield_high
        Its interval, see :func:`share_interval`.
    """

    mean: float
    std: float
    minimum: float
    p5: float
    maximum: float
    mean_low: float
    mean_high: float
    yield_at: float
    yield_share: float
    yield_low: float
    yield_high: float


def distribution_of(accuracies: NDArray[np.float64], yield_at: float) -> Distribution:
    """Distribution of the accuracies (chips,), at least one; a chip is good from `yield_at` on."""
    good = int(np.sum(accuracies >= yield_at))
    return Distribution(
        float(accuracies.mean()),
        float(accuracies.std()),
        float(accuracies.min()),
        float(np.percentile(accuracies, 5)),
        float(accuracies.max()),
        *mean_interval(accuracies),
        yield_at,
        good / len(accuracies),
        *share_interval(good, len(accuracies)),
    )


def mean_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Interval of the mean at 95 % confidence, by Student's t; of one value it is that value."""
    from scipy import special  # inside: slow to import

    mean, freedom = float(values.mean()), len(values) - 1
    if not freedom:
        return mean, mean
    half = float(special.stdtrit(freedom, 1 - TAIL) * values.std(ddof=1) / np.sqrt(len(values)))
    return mean - half, mean + half


def share_interval(successes: int, trials: int) -> tuple[float, float]:
    """Interval of a share at 95 % confidence, by Clopper and Pearson.

    It is the exact interval of the binomial distribution: it covers the true share in at least 95 % of
    batches, also when all chips are good or none is.
    """
    from scipy import special

    low = special.betaincinv(successes, trials - successes + 1, TAIL) if successes else 0.0
    high = special.betaincinv(successes + 1, trials - successes, 1 - TAIL) if successes < trials else 1.0
    return float(low), float(high)
