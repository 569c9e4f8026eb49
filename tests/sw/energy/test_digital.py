"""Digital work: what it adds up to, and what it takes in a technology."""

import pytest

from sw.energy.digital import DigitalWork, digital_nj, parts_nj
from sw.energy.technologies.technology import technology_named

NODE = technology_named("45nm")


def test_operations_scale_with_their_widths():
    assert digital_nj(DigitalWork.macs(1, 32, 32, 32), NODE) == pytest.approx((3.1 + 0.1) * 1e-3)
    assert digital_nj(DigitalWork.macs(1000, 4, 8, 16), NODE) == pytest.approx(
        3.1 * 32 / 1024 + 0.1 * 16 / 32
    )
    assert digital_nj(DigitalWork.comparisons(1000, 8), NODE) == pytest.approx(0.1 * 8 / 32)


def test_memory_costs_what_its_size_says():
    for capacity, picojoules in ((65_536, 10), (262_144, 20)):  # the two published sizes
        assert digital_nj(DigitalWork.memory(capacity, 64), NODE) == pytest.approx(picojoules * 1e-3)


def test_registers_cost_when_they_idle():
    idle, busy = DigitalWork.registers(100, 1000, 0), DigitalWork.registers(100, 1000, 5000)
    assert digital_nj(idle, NODE) == pytest.approx(100 * 1000 * NODE.register_clock.value * 1e-6)
    more = digital_nj(busy, NODE) - digital_nj(idle, NODE)
    assert more == pytest.approx(5000 * NODE.register_change.value * 1e-6)


def test_work_adds_up():
    parts = {
        "macs": DigitalWork.macs(10, 4, 4, 12),
        "memory": DigitalWork.memory(1024, 80) + DigitalWork.memory(4096, 8),
        "windows": DigitalWork.registers(72, 50, 900),
    }
    whole = sum(parts.values(), DigitalWork())
    assert digital_nj(whole, NODE) == pytest.approx(sum(parts_nj(parts, NODE).values()))
