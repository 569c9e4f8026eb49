"""The same classifier with an ideal array."""

from sw.bundle.bundle import Bundle
from sw.reference.array_state import ArrayState

__all__ = ["with_ideal_array"]


def with_ideal_array(bundle: Bundle) -> Bundle:
    """The same classifier with ideal cells and the ideal ADC: each score is the number of matches."""
    design = bundle.design.with_ideal_array()
    return bundle.with_(design=design, array=ArrayState.ideal(bundle.templates, design))
