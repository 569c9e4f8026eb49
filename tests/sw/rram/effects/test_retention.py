"""Retention: times and temperatures that a source does not cover are refused."""

import pytest

from sw.errors import EngramError
from sw.rram.devices.files import device_named
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.known import check_effects


def test_times_that_were_not_measured_are_refused(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text(
        "level,time_seconds,g_siemens\n0,1,1e-6\n0,60,2e-6\n1,1,8e-6\n1,60,9e-6\n", encoding="utf-8"
    )
    check_effects(device_named(str(path)), Conditions(read_time_seconds=60))
    with pytest.raises(
        EngramError, match="read_time_seconds must lie within the measured times, 1 to 60, or"
    ):
        check_effects(device_named(str(path)), Conditions(read_time_seconds=61))
