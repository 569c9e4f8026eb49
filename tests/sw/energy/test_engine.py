"""Digital parts of a classifier: counts of the accounting, in memories as large as what they hold."""

import pytest

from sw.energy.engine import ADDRESS_BITS, digital_parts
from sw.energy.work import classifier_work, frontend_work, quantiser_work, storage_bits
from tests.helpers.bundles import random_bundle, tiny_design

DESIGN = tiny_design()
BUNDLE = random_bundle(DESIGN, 1)
PARTS = digital_parts(BUNDLE, DESIGN)


@pytest.mark.parametrize(
    ("part", "work"),
    [
        *frontend_work(BUNDLE).items(),
        ("quantiser", quantiser_work(BUNDLE)),
        ("classifier", classifier_work(DESIGN)),
    ],
)
def test_parts_are_those_of_the_accounting(part, work):
    found = PARTS[part]
    assert (found.multiplied, found.added) == (work.multiplied, work.added)
    assert sum(access.bits for access in found.accesses) == work.moved


def test_memories_hold_what_is_in_them():
    stored = storage_bits(BUNDLE)
    ((weights,), (maps,)) = (PARTS[part].accesses for part in ("weight_memory", "activation_memory"))
    assert weights.capacity == stored["weights"]
    sizes = [
        shape.inputs[0] * shape.inputs[1] * shape.inputs[2] * shape.input_bits
        for shape in DESIGN.layer_shapes
    ]
    assert maps.capacity == max(sizes)
    assert PARTS["quantiser"].accesses[0].capacity == stored["feature_thresholds"]


def test_controllers_count_every_access():
    steps = sum(work.accesses for work in frontend_work(BUNDLE).values())
    assert PARTS["frontend_controller"].added == steps * ADDRESS_BITS
    assert PARTS["frontend_controller"].accesses == ()
