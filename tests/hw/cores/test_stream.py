"""The stream core, which only renames; what goes through it is in tests/hw/fpga."""

from hw.cores.stream import StreamCore
from hw.frontend.schedule import Parallelism
from hw.rtlil import to_rtlil
from sw.reference.pulse import PulseRule
from tests.helpers.bundles import TINY, random_bundle

SIZES = (Parallelism(1, 2, 1, 2), Parallelism(2, 2))
BUNDLE = random_bundle(TINY, seed=3, codes="random")


def test_a_stream_core_has_no_programmer():
    programmable = BUNDLE.with_array(pulse=PulseRule(key=(1, 2, 3, 4)))
    cores = [to_rtlil(StreamCore(bundle, SIZES), "core") for bundle in (programmable, BUNDLE)]
    assert cores[0] == cores[1] and "programmer" not in cores[0]
