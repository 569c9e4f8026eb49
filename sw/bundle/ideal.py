"""A bundle's classifier with an ideal array in place of its own."""

from sw.bundle.bundle import Bundle
from sw.reference.array_state import ArrayState

__all__ = ["with_ideal_array"]


def with_ideal_array(bundle: Bundle) -> Bundle:
    """The bundle with ideal cells and the ideal ADC in its array: each score is the number of matches."""
    design = bundle.design.with_ideal_array()
    return bundle.with_(design=design, array=ArrayState.ideal(bundle.templates, design))
