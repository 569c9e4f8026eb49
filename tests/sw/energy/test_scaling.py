"""Scaling between nodes: the published factors, what lies between two nodes, and what is refused."""

import pytest

from sw.energy.scaling import AREA, ENERGY, area_factor, energy_factor
from sw.errors import EngramError


def test_a_node_scales_to_itself_and_back():
    assert energy_factor(45, 0.9, 45, 0.9) == 1
    assert energy_factor(45, 0.9, 130, 1.3) * energy_factor(130, 1.3, 45, 0.9) == pytest.approx(1)
    assert area_factor(180, 45) * area_factor(45, 180) == pytest.approx(1)


def test_the_published_polynomials():
    # by hand: 130 nm at 1.2 V is 7.171 x 1.44 - 6.709 x 1.2 + 2.904, 45 nm at 0.9 V is 0.6988
    assert energy_factor(45, 0.9, 130, 1.2) == pytest.approx(5.17944 / 0.69885)
    assert area_factor(130, 45) == 0.16


def test_smaller_nodes_take_less_at_one_supply():
    nodes = sorted(ENERGY)
    assert set(nodes) == set(AREA)
    factors = [energy_factor(7, 0.9, nm, 0.9) for nm in nodes]
    assert factors == sorted(factors)


@pytest.mark.parametrize(("nm", "below", "above"), [(40, 32, 45), (28, 20, 32)])
def test_a_node_between_two_lies_between(nm, below, above):
    low, middle, high = (energy_factor(45, 0.9, each, 0.9) for each in (below, nm, above))
    assert low < middle < high
    assert area_factor(130, below) < area_factor(130, nm) < area_factor(130, above)


@pytest.mark.parametrize(
    ("nm", "volts", "said"),
    [
        (250, 2.5, "must have a node from 7 to 180 nm, got 250 nm"),
        (5, 0.7, "must have a node from 7 to 180 nm, got 5 nm"),
        (180, 0.7, "must have a higher supply at 180 nm, got 0.7 V"),
    ],
)
def test_what_the_law_does_not_cover(nm, volts, said):
    with pytest.raises(EngramError, match=said):
        energy_factor(45, 0.9, nm, volts)
