"""The median of several seeds: which one it is, what it says, and what is refused."""

import pytest

from sw.bundle.provenance import Provenance, Recorded
from sw.errors import EngramError
from sw.training.table.median import median_bundle, median_of
from tests.helpers.bundles import random_bundle
from tests.helpers.trainings import facts


@pytest.mark.parametrize(
    ("validation", "seed"),
    [
        ((0.5, 0.9, 0.7), 2),
        ((0.9, 0.5, 0.7, 0.6), 3),  # of the two in the middle the lower one
        ((0.5, 0.5, 0.5), 1),
        ((0.7, 0.7, 0.9, 0.1, 0.2), 0),
    ],
)
def test_the_one_in_the_middle_by_validation(validation, seed):
    """Test accuracies, which run the other way here, have no say."""
    found = [facts(place, share, 1 - share) for place, share in enumerate(validation)]
    chosen, seeds = median_of(found[::-1])
    assert chosen.seed == seed
    assert (seeds.seeds, seeds.validation) == (tuple(range(len(found))), validation)
    assert seeds.test == tuple(1 - share for share in validation)


def test_the_bundle_is_the_same_but_for_what_it_says():
    provenance = Provenance(recorded=Recorded(engram_version="1", command="engram train"))
    bundle = random_bundle(facts().design, 1).with_(provenance=provenance)
    found = [facts(seed, 0.5, 0.5, digest=bundle.digest if seed == 1 else str(seed)) for seed in (0, 1, 2)]
    made = median_bundle(found, lambda source: bundle)
    assert made.provenance.median_of.seeds == (0, 1, 2)
    assert made.provenance.recorded is None
    assert made.with_(provenance=provenance).digest == bundle.digest != made.digest


def test_a_bundle_that_is_another_is_refused():
    found = [facts(seed) for seed in (0, 1, 2)]
    with pytest.raises(EngramError, match=r"none-1 must hold the bundle of its training, it holds another"):
        median_bundle(found, lambda source: random_bundle(found[0].design, 1))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([facts(0), facts(1)], "a median needs 3 seeds or more, got 2; train further seeds"),
        ([facts(0), facts(1), facts(2), facts(3, epochs=9)], "in the seed alone, got 2 kinds of them"),
    ],
)
def test_refusals(found, said):
    with pytest.raises(EngramError) as refusal:
        median_of(found)
    assert said in str(refusal.value)
