"""Classifiers whose energy was measured on a chip, to look at beside the modelled one."""

from typing import NamedTuple

__all__ = ["MEASURED", "Silicon"]


class Silicon(NamedTuple):
    """One published chip.

    Attributes
    ----------
    name, node
        What it is, in which technology.
    accuracy
        On the test images, 0..1.
    energy_nj
        Per classification, measured.
    counts
        What is in that energy, and what is done outside.
    source
        Publication.
    """

    name: str
    node: str
    accuracy: float
    energy_nj: float
    counts: str
    source: str


MEASURED: dict[str, tuple[Silicon, ...]] = {
    "mnist": (
        Silicon(
            name="Tsetlin machine",
            node="65 nm",
            accuracy=0.9742,
            energy_nj=8.6,
            counts="the digital chip at work at 27.8 MHz, weights in registers; images come as single bits",
            source="arXiv 2501.19347",
        ),
    ),
}
"""By name of the data set."""
