"""The result word of the AXI-Stream core; what goes through it is in tests/sim/cores."""

import pytest

from hw.cores.axi_stream import AxiStreamCore, word_bytes, word_fields
from hw.frontend.schedule import Parallelism
from hw.rtlil import to_rtlil
from sw.reference.pulse import PulseRule
from tests.helpers.bundles import TINY, random_bundle


@pytest.mark.parametrize(
    ("changes", "fields", "size"),
    [
        ({}, {"label": (0, 1), "template": (1, 1), "margin": (2, 1), "flags": (3, 1)}, 4),
        (
            {"classes": 100, "templates_per_class": 3, "cell_bits": 4},
            {"label": (0, 1), "template": (1, 2), "margin": (3, 2), "flags": (5, 1)},
            8,
        ),
    ],
)
def test_a_word_has_whole_bytes_and_a_power_of_two_of_them(changes, fields, size):
    design = TINY.with_(**changes)
    assert word_fields(design) == fields
    assert word_bytes(design) == size


def test_it_has_no_programmer():
    bundle = random_bundle(TINY, seed=3).with_array(pulse=PulseRule(key=(1, 2, 3, 4)))
    assert "programmer" not in to_rtlil(AxiStreamCore(bundle, (Parallelism(), Parallelism())), "core")
