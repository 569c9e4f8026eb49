"""The same classifier with an ideal array."""

from sw.bundle.bundle import Bundle
from sw.reference.adc import full_scale_tables
from sw.reference.array import ideal_codes

__all__ = ["with_ideal_array"]


def with_ideal_array(bundle: Bundle) -> Bundle:
    """The same classifier with ideal cells and the ideal ADC: each score is the number of matches."""
    ideal = {"cell_bits": bundle.design.level_bits, "adc_bits": None, "match_code": 1, "mismatch_code": 0}
    design = bundle.design.with_(**ideal)
    codes = ideal_codes(bundle.templates, design)
    return bundle.with_(
        design=design, codes=codes, adc=full_scale_tables(design, 0, 1), read_noise=None, pulse=None
    )
