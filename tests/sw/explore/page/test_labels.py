"""Columns as people read them."""

import pytest

from sw.explore.page.labels import more_is_better, quantity, written


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("accuracy_mean", 0.98765, "98.77 %"),
        ("yield", 1, "100.00 %"),
        ("energy_full_nj", 21.3846, "21.38 nJ"),
        ("latency_ns", 1230.6, "1,231 ns"),
        ("latency_ns", 123456.0, "123,456 ns"),
        ("area_mm2", 0.0530512, "0.05305 mm²"),
        ("storage_bits", 26004, "26,004 bit"),
        ("rows", 1024, "1024"),
        ("point", 4588, "4588"),
        ("fpga_luts", 4588, "4,588"),
        ("adc_bits", 0, "ideal"),
        ("adc_bits", 8, "8"),
        ("cell_bits", 0, "0"),
        ("fpga_fits", True, "yes"),
        ("bundle", "zoo:digits", "zoo:digits"),
        ("energy_full_nj", None, "-"),
        ("read_time", "1d", "1d"),
    ],
)
def test_written(column, value, text):
    assert written(column, value) == text


def test_names_of_columns_that_are_listed_and_of_others():
    assert quantity("area_mm2").title == "area of arrays and ADCs, mm²"
    assert quantity("area_mm2").heading == "area, mm²"
    assert quantity("rows").title == "rows of a tile"
    assert quantity("energy_weight_memory_nj").heading == "weight memory, nJ"
    assert quantity("read_time").heading == "read time"


def test_what_is_sought():
    assert more_is_better("accuracy_p5") is True
    assert more_is_better("area_mm2") is False
    assert more_is_better("area_cells_mm2") is None
