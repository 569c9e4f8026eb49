"""Cells of other makers' parts, sorted by kind; the synthesis is Yosys' own matter."""

import pytest

from hw.fpga.foreign import MAKERS, Cells, count

CELLS = {
    "xilinx": {"LUT2": 3, "LUT6": 5, "INV": 1, "FDRE": 7, "FDSE": 1, "CARRY4": 2, "RAMB18E1": 4, "MUXF7": 9},
    "intel": {
        "MISTRAL_ALUT6": 5,
        "MISTRAL_NOT": 1,
        "MISTRAL_ALUT_ARITH": 2,
        "MISTRAL_FF": 8,
        "MISTRAL_M10K": 4,
    },
}
WANTED = {
    "xilinx": Cells(8, {2: 3, 6: 5}, 8, {"RAMB18E1": 4}, 0, 2, 0),
    "intel": Cells(6, {1: 1, 6: 5}, 8, {"MISTRAL_M10K": 4}, 0, 2, 0),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_cells_are_sorted_by_kind(maker):
    assert count(CELLS[maker], MAKERS[maker]) == WANTED[maker]
