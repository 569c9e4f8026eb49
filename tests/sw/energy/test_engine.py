"""Digital parts behind the front end: counts of the accounting, in memories as large as what they hold."""

import pytest

from sw.energy.engine import ADDRESS_BITS, digital_backend
from sw.energy.work import array_work, classifier_work, quantiser_work, storage_bits
from tests.helpers.bundles import random_bundle, tiny_design

DESIGN = tiny_design()
BUNDLE = random_bundle(DESIGN, 1)
PARTS = digital_backend(BUNDLE, DESIGN)


@pytest.mark.parametrize(
    ("part", "work"), [("quantiser", quantiser_work(BUNDLE)), ("classifier", classifier_work(DESIGN))]
)
def test_parts_are_those_of_the_accounting(part, work):
    found = PARTS[part]
    assert (found.multiplied, found.added) == (work.multiplied, work.added)
    assert sum(access.bits for access in found.accesses) == work.moved


def test_memories_hold_what_is_in_them():
    assert PARTS["quantiser"].accesses[0].capacity == storage_bits(BUNDLE)["feature_thresholds"]


def test_the_controller_counts_every_access():
    array = array_work(DESIGN)
    steps = quantiser_work(BUNDLE).accesses + array.word_lines + array.conversions
    assert PARTS["backend_controller"].added == steps * ADDRESS_BITS
    assert PARTS["backend_controller"].accesses == ()
