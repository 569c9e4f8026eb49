"""Made: ways to make templates that a trained bundle does not have."""

from typing import NamedTuple

from sw.design import DesignPoint
from sw.templates.sizes import Kind
from sw.templates.thresholds import ThresholdsBy

__all__ = ["Made", "made_of"]


class Made(NamedTuple):
    """How the templates of a variant come to be, see :mod:`sw.templates.sizes`."""

    kind: Kind
    thresholds_by: ThresholdsBy


def made_of(design: DesignPoint, thresholds: int, per_class: int) -> Made:
    """The best kind there is for a trained design: its own templates where only thresholds are left out.

    Other numbers of templates are class means for one, k-means for several, or windows for window cells; more
    thresholds than were learned are quantiles.
    """
    thresholds_by: ThresholdsBy = "learned" if thresholds <= design.thresholds_per_feature else "median"
    if per_class == design.templates_per_class and thresholds_by == "learned":
        return Made("keep", thresholds_by)
    if design.cell == "window":
        return Made("window", thresholds_by)
    return Made("mean" if per_class == 1 else "kmeans", thresholds_by)
