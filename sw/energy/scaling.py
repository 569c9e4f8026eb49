"""Scaling of energy and area between nodes: A. Stillmaker and B. Baas, Integration 58 (2017) 74-81.

Their law is a fit to circuit simulations of inverters from 180 to 7 nm. Energy of a gate is a polynomial of
the supply for every node, so that a ratio of two of them scales an energy; area is a table. The coefficients
are those that two public programs transcribe alike (nodeScale of UCLA NanoCAD, hwcomponents of MIT), with
the high-performance transistors below 65 nm. What no transistor decides does not follow the law: wires,
converters that thermal noise limits, and devices are not scaled here.

A node between two of the table is interpolated, straight in the logarithms of node and factor. The fits were
made up to the usual supply of each node; sky130's 1.8 V lies above that of 130 nm, so there the law is
extrapolated.
"""

from math import exp, log

from sw.errors import EngramError

__all__ = ["LAW", "area_factor", "energy_factor"]

LAW = "Stillmaker and Baas 2017, doi 10.1016/j.vlsi.2017.02.002"

ENERGY = {
    180: (0.0, 24.64, -17.98),
    130: (7.171, -6.709, 2.904),
    90: (4.762, -4.781, 2.092),
    65: (3.755, -4.398, 1.975),
    45: (1.018, -0.3107, 0.1539),
    32: (0.8367, -0.4341, 0.1701),
    20: (0.373, -0.1582, 0.04104),
    16: (0.2958, -0.1241, 0.03024),
    14: (0.2363, -0.09675, 0.02239),
    10: (0.2068, -0.09311, 0.02375),
    7: (0.1776, -0.09097, 0.02447),
}
"""Coefficients of V**2, V and 1 by node in nm; the unit cancels in ratios."""

AREA = {180: 2.9, 130: 1, 90: 0.44, 65: 0.23, 45: 0.16, 32: 0.072, 20: 0.033, 16: 0.03, 14: 0.027, 10: 0.016}
AREA[7] = 0.0092
"""Area by node in nm, over that of 130 nm."""


def energy_factor(from_nm: float, from_volts: float, to_nm: float, to_volts: float) -> float:
    """What an energy of logic is multiplied with to come from one node and supply to another.

    Raises
    ------
    EngramError
        If a node lies outside 7 to 180 nm, or a supply below what the law covers.
    """
    return _energy(to_nm, to_volts) / _energy(from_nm, from_volts)


def area_factor(from_nm: float, to_nm: float) -> float:
    """What an area of logic is multiplied with; raises as :func:`energy_factor`."""
    return _between(AREA, to_nm) / _between(AREA, from_nm)


def _energy(node: float, volts: float) -> float:
    values = {nm: a * volts**2 + b * volts + c for nm, (a, b, c) in ENERGY.items()}
    near = [values[nm] for nm in _neighbours(node)]
    # the polynomials have no meaning where they fall with the supply, and are negative below 0.73 V at 180 nm
    if min(near) <= 0:
        raise EngramError(f"the scaling of {LAW} must have a higher supply at {node:g} nm, got {volts:g} V")
    return _between(values, node)


def _neighbours(node: float) -> tuple[int, int]:
    nodes = sorted(AREA)
    if not nodes[0] <= node <= nodes[-1]:
        raise EngramError(f"the scaling of {LAW} must have a node from 7 to 180 nm, got {node:g} nm")
    return max(nm for nm in nodes if nm <= node), min(nm for nm in nodes if nm >= node)


def _between(values: dict[int, float] | dict[int, int | float], node: float) -> float:
    below, above = _neighbours(node)
    if below == above:
        return values[below]
    share = log(node / below) / log(above / below)
    return exp((1 - share) * log(values[below]) + share * log(values[above]))
