"""Templates learned of fixed bits."""

import numpy as np

from sw.templates.clusters import mean_templates
from sw.training.frozen import learned_templates

RNG = np.random.default_rng(2)
FEATURES, CLASSES = 24, 3


def examples(count, seed):
    """Classes differ in the parity of few bits' sums, which means hardly show."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2, (count, FEATURES)).astype(np.uint8)
    weights = np.random.default_rng(9).normal(size=(FEATURES, CLASSES))
    return bits, np.argmax(bits @ weights, axis=1).astype(np.uint8)


def share(templates, bits, labels):
    matches = (bits[:, None] == templates[None]).sum(axis=2)
    return (np.argmax(matches, axis=1) // (len(templates) // CLASSES) == labels).mean()


def test_learning_is_better_than_its_start_and_repeats():
    train, validation, test = examples(600, 0), examples(300, 1), examples(600, 2)
    owners = train[1].astype(np.int64) * 2 + RNG.integers(0, 2, 600)
    start = mean_templates(train[0], owners, 2 * CLASSES)
    learned = learned_templates(train, validation, start, CLASSES, seed=4, epochs=8)
    assert learned.shape == start.shape and learned.dtype == np.uint8
    assert share(learned, *test) > share(start, *test)
    again = learned_templates(train, validation, start, CLASSES, seed=4, epochs=8)
    assert np.array_equal(learned, again)


def test_a_start_that_is_not_beaten_stays():
    train, validation = examples(40, 0), examples(300, 1)
    start = learned_templates(
        examples(2_000, 5), validation, RNG.integers(0, 2, (3, FEATURES), np.uint8), CLASSES
    )
    kept = learned_templates((train[0], (train[1] + 1) % 3), validation, start, CLASSES, epochs=2)
    assert np.array_equal(kept, start)
