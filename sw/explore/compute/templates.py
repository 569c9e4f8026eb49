"""Templates of a variant, made anew in the best way there is."""

from sw.bundle import Bundle
from sw.explore.space.made import made_of
from sw.templates.maker import Maker
from sw.templates.sizes import design_for

__all__ = ["remade"]


def remade(maker: Maker, thresholds: int, per_class: int) -> Bundle:
    """The maker's bundle with so many thresholds per feature and templates per class, ideal cells and ADC.

    Raises
    ------
    EngramError
        If the sizes do not fit together, or there are fewer different images than clusters.
    """
    trained = maker.bundle.design
    made = made_of(trained, thresholds, per_class)
    design = design_for(trained, made.kind, thresholds, per_class, {}, made.thresholds_by)
    return maker.make(made.kind, design, thresholds_by=made.thresholds_by).bundle
