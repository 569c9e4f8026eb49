"""Programming error off: devices at their targets, with the codes that they have with an error."""

import numpy as np
import pytest

from sw.rram.devices.files import device_named
from sw.rram.devices.mapping import lrs_code
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.programming_error import ProgrammingError


def test_measured_devices_without_error_are_their_medians(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text(
        "level,time_seconds,g_siemens\n0,1,1e-6\n0,1,2e-6\n1,1,8e-6\n1,1,9e-6\n", encoding="utf-8"
    )
    measured = device_named(str(path))
    device, _ = ProgrammingError().off(measured, Conditions())
    assert device.measured.quantiles.ravel().tolist() == [1.5e-6, 8.5e-6]
    assert ProgrammingError().off(device, Conditions())[0] == device
    assert lrs_code(device, 8) == lrs_code(measured, 8) < 255


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("cell_bits", [1, 4, 8])
def test_codes_without_programming_error_have_the_scale_of_those_with_it(name, cell_bits):
    device, _ = ProgrammingError().off(DEVICES[name], Conditions())
    assert not np.any(device.sigma_siemens(np.array([device.g_hrs_siemens, device.g_lrs_siemens])))
    assert lrs_code(device, cell_bits) == lrs_code(DEVICES[name], cell_bits)
    assert name != "ideal" or device == DEVICES[name]
