"""Costs: area and latency are what the formulas say, with the constants of the file."""

import pytest

from sw.errors import EngramError
from sw.explore.compute.costs import DEFAULT, area_mm2, latency_ns, read_macro
from sw.rram.effects.conditions import Conditions
from tests.helpers.bundles import tiny_design

MACRO = read_macro()


def test_area_counts_whole_tiles():
    design = tiny_design(
        adc_bits=10, cell_bits=4, cols=2, cols_per_adc=2, templates_per_class=2
    )  # 3 x 3 tiles
    assert (design.row_tiles, design.col_tiles) == (3, 3)
    area = area_mm2(design, MACRO)
    assert area["cells"] == pytest.approx(9 * 8 * 2 * 60 * 0.18**2 * 1e-6)
    assert area["adcs"] == pytest.approx(9 * 1 * 0.09)
    shared = area_mm2(design.with_(cols_per_adc=1), MACRO)
    assert shared["adcs"] == pytest.approx(2 * area["adcs"])


def test_area_of_a_converter_grows_with_its_bits():
    areas = [area_mm2(tiny_design(adc_bits=bits, cell_bits=4), MACRO)["adcs"] for bits in (8, 9, 10, 12)]
    reference = 3 * 2 * 0.09
    expected = [0.5 * 2.0 ** (bits - 10) + 0.5 * bits / 10 for bits in (8, 9, 10, 12)]
    assert areas == pytest.approx([reference * share for share in expected])


def test_latency_is_that_of_the_match_lines_of_one_converter():
    design = tiny_design(adc_bits=6, cell_bits=4, cols=4, cols_per_adc=4)
    assert latency_ns(design, Conditions(), MACRO) == pytest.approx(15.2 * (1 + 3 * 7))  # 3 templates
    assert latency_ns(design.with_(cols_per_adc=1), Conditions(), MACRO) == pytest.approx(15.2 * (1 + 7))
    ramp = Conditions(adc={"kind": "ramp"})
    assert latency_ns(design.with_(cols_per_adc=1), ramp, MACRO) == pytest.approx(15.2 * (1 + 64))


def test_the_ideal_converter_is_one_that_tells_all_matches_apart():
    ideal = tiny_design(adc_bits=None)
    real = tiny_design(adc_bits=4, cell_bits=4)  # 8 rows: 0 to 8 matches
    assert area_mm2(ideal, MACRO) == area_mm2(real, MACRO)
    assert latency_ns(ideal, Conditions(), MACRO) == latency_ns(real, Conditions(), MACRO)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('unit = "um"', 'unit = "nm"', "unit must be 'um', got 'nm'"),
        ("[binary_cell]", "[cell]", "unknown key 'cell'"),
        ("value = 60", "value = -60", "binary_cell.value"),
    ],
)
def test_files_of_constants_that_are_refused(tmp_path, before, after, said):
    file = tmp_path / "macro.toml"
    file.write_text(DEFAULT.read_text().replace(before, after, 1))
    with pytest.raises(EngramError, match=said):
        read_macro(file)


def test_every_constant_has_a_source():
    for name in type(MACRO).model_fields:
        constant = getattr(MACRO, name)
        assert constant.assumption == constant.source.startswith("assumption"), name
