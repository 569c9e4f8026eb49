"""``engram check spice``."""

import json
import shutil

import pytest

from sw.rram.spice import judge as judging
from tests.helpers.commands import run

needs_ngspice = pytest.mark.skipif(
    shutil.which("ngspice") is None, reason="ngspice is not on the PATH; on Debian: apt install ngspice"
)
SMALL = ("--tiles", 2, "--images", 1, "--rows", 16, "--cols", 4, "--p-stuck-lrs", 0.05)


@needs_ngspice
def test_tiles_of_a_chip_are_judged(digits):
    code, out, err = run("check", "spice", digits[2], *SMALL, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["tiles"] == 2 == len(found["each"])
    assert found["worst_relative"] < 1e-9
    assert found["settling_ratio"] == pytest.approx(1, abs=0.1)
    assert found["stuck"] > 0
    assert found["lines"]["word_line_ohms"] == 1.28 and found["lines"]["match_line_farads"] == 3.31e-15


@needs_ngspice
def test_a_model_that_is_wrong_fails(digits, monkeypatch):
    monkeypatch.setattr(judging, "settling_of", lambda *given: settling(*given) / 1.3)
    code, out, _ = run("check", "spice", digits[2], *SMALL, "--tiles", 1, "--match-line-ohms", 2)
    assert code == 1
    assert "programmed tiles" in out and "worst difference" in out


settling = judging.settling_of


def test_without_ngspice_it_is_one_line(digits, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    code, out, err = run("check", "spice", digits[2])
    assert code == 2 and not out
    assert "the program ngspice must be on the PATH" in " ".join(err.split())
