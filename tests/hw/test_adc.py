"""ADC readout against the reference, over all currents."""

from dataclasses import replace

import numpy as np
import pytest

from hw.adc import AdcReadout, bent_codes
from sw.design import DesignPoint
from sw.reference import adc
from sw.reference.adc import AdcTables
from tests.helpers.bundles import random_bundle
from tests.helpers.rtl import Bench


def design(**changes) -> DesignPoint:
    base = {"name": "adc", "height": 4, "width": 4, "classes": 5, "rows": 8, "cols": 3, "cols_per_adc": 2}
    return DesignPoint(**{**base, "cell_bits": 4, "adc_bits": 6, "row_lanes": 1, **changes})


@pytest.mark.parametrize("bits", [1, 4, 8, 12])
@pytest.mark.parametrize("tables", ["alike", "each_its_own", "saturating", "nonlinear"])
def test_every_current_on_every_adc(bits, tables):
    shape = design(adc_bits=bits)
    if tables == "alike":
        chosen = adc.full_scale_tables(shape, 5, shape.max_current)
    else:
        chosen = random_bundle(shape, seed=7, inl=tables == "nonlinear").array.adc
    if tables == "saturating":
        wide = np.where(np.arange(chosen.offset.size).reshape(chosen.offset.shape) % 2, 1, -1)
        chosen = AdcTables(chosen.gain, (wide * 2**29).astype(np.int32), chosen.shift)
    rng = np.random.default_rng(8)
    images = 4
    currents = rng.integers(0, shape.max_current, (images, shape.row_tiles, shape.templates), endpoint=True)
    currents[0, :, 0], currents[0, :, 1] = 0, shape.max_current

    dut = AdcReadout(shape, chosen)
    bench = Bench(dut, seed=9)
    bench.produce(
        dut.i,
        [
            {"row_tile": tile, "match_line": line, "current": int(currents[image, tile, line])}
            for image in range(images)
            for tile in range(shape.row_tiles)
            for line in range(shape.templates)
        ],
    )
    codes = bench.consume(dut.o, currents.size)
    bench.run()
    expected = adc.convert(currents, chosen, shape)
    assert [item.code for item in codes] == expected.reshape(-1).tolist()
    if tables == "nonlinear":
        plain = adc.convert(currents, replace(chosen, inl=np.zeros((0, 0, 0), np.int16)), shape)
        assert expected.tolist() != plain.tolist()
    if tables == "saturating":
        assert set(expected.reshape(-1).tolist()) == {0, shape.max_adc_code}


def test_entries_of_nonlinearity_are_final_codes():
    shape = design(adc_bits=4, classes=7)
    tables = random_bundle(shape, seed=7, inl=True).array.adc
    entries = np.reshape(bent_codes(shape, tables), (*tables.gain.shape, 16))
    gain = np.full_like(tables.gain, 1)
    identity = replace(tables, gain=gain, offset=0 * gain, shift=0)
    for line in range(shape.templates):
        currents = np.broadcast_to(np.arange(16)[:, np.newaxis, np.newaxis], (16, shape.row_tiles, 7))
        codes = adc.convert(currents, identity, shape)[:, :, line]
        assert entries[:, shape.adc_of_match_line(line)].T.tolist() == codes.tolist()
    assert bent_codes(shape, random_bundle(shape, seed=7).array.adc) == ()
