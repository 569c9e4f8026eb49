"""Converters against their laws."""

import numpy as np

from sw.rram.check.converters import converter_statistics


def test_every_figure_is_that_of_its_law():
    figures = list(converter_statistics(100_000, np.random.default_rng(1)))
    assert [each.quantity.removeprefix("spread of ") for each in figures] == [
        *("gain", "offset"),
        *("INL", "DNL") * 2,
    ]
    for each in figures:
        assert abs(each.model - each.law) < 5 * each.standard_error, each
        assert each.standard_error < 0.003 * each.law
