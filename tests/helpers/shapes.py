"""Shapes of arrays: odd sizes, several tiles, lanes, shared ADCs."""

from sw.design import DesignPoint


def design(**changes) -> DesignPoint:
    base = {"name": "shape", "height": 5, "width": 7, "classes": 3, "rows": 8, "cols": 4, "cols_per_adc": 2}
    return DesignPoint(**{**base, "cell_bits": 3, "adc_bits": 5, "row_lanes": 4, **changes})


SHAPES = {
    "plain": design(),
    "ideal_adc": design(adc_bits=None),
    "ideal_cells": design(adc_bits=None, cell_bits=1),
    "one_row_per_tile": design(rows=1, row_lanes=1),
    "one_tile": design(rows=64),
    "rows_not_a_multiple_of_lanes": design(rows=11, row_lanes=4),
    "two_classes": design(classes=2),
    "several_templates": design(templates_per_class=3),
    "thermometer": design(thresholds_per_feature=3),
    "match_lines_not_a_multiple_of_lanes": design(templates_per_class=3, col_lanes=4),
    "more_lanes_than_match_lines": design(col_lanes=8),
    "short_tile_many_lines": design(rows=4, templates_per_class=4, col_lanes=12),
    "one_feature": design(height=1, width=1),
    "wide_codes": design(cell_bits=8, adc_bits=10),
    "one_bit_adc": design(adc_bits=1),
    "large_margin": design(margin=6),
    "windows": design(cell="window", thresholds_per_feature=3),
    "one_bit_windows": design(cell="window", cell_bits=1, rows=11, adc_bits=None),
    "windows_that_leak": design(
        cell="window",
        thresholds_per_feature=7,
        match_code=5,
        mismatch_code=2,
        rows=11,
        templates_per_class=3,
        col_lanes=4,
    ),
    "narrow_levels_in_wide_windows": design(
        cell="window", thresholds_per_feature=3, cell_bits=8, match_code=200, mismatch_code=3, rows=9
    ),
}
