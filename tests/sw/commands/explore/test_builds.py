"""Finalists: built as they were estimated, run through their RTL, kept while their bitstream is there."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from hw.fpga import bitstream
from hw.sizing.image_timing import image_cycles
from sw.cache import Store
from sw.commands.explore.builds import built_finalists, built_words
from sw.commands.explore.fpga import fitted_chip, front_end_in_words
from sw.errors import EngramError
from sw.explore.driver.finalists import RTL_IMAGES, Finalist
from sw.explore.page.tables import built_table
from sw.rram.chip.programming import program
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from tests.helpers.bundles import random_bundle, tiny_design
from tests.helpers.explorations import BUNDLE, DATA

pytestmark = pytest.mark.usefixtures("models")
ROW = {"fpga_luts": 9, "fpga_brams": 3, "fpga_cycles": 31}
PICTURES = DATA.test.images[:RTL_IMAGES]


@pytest.fixture
def asked(monkeypatch):
    """Builds that were asked for, by name; the tools are not run."""
    names = []

    def built(bundle, board, folder, *, name, parallelism, listener):
        names.append(name)
        if name == "point-9":
            raise EngramError("too large")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "x.bin").write_text(bundle.digest)
        usage = SimpleNamespace(block_rams=2)
        return SimpleNamespace(luts=10, usage=usage, fmax_mhz=40.0, bitstream=str(folder / "x.bin"))

    monkeypatch.setattr(bitstream, "build_bitstream", built)
    return names


@pytest.fixture
def unsimulated(monkeypatch):
    """RTL that is not run and always right, where only the number of builds counts."""
    report = SimpleNamespace(interval=31, wrong=np.zeros(0, bool))
    monkeypatch.setattr("sim.images.image_program", lambda chip, sizes, **how: None)
    monkeypatch.setattr("sim.images.verify_images", lambda *asked: report)


def chip_with(adc_bits):
    return program(BUNDLE, DEVICES["cmo-hfox"], Conditions(adc={"bits": adc_bits}), seed=1)


def built(finalists, folder, pictures=PICTURES):
    return dict(
        built_finalists(finalists, "icebreaker", pictures, folder / "builds", Store(folder / "store"))
    )


def test_builds_and_their_rtl_stand_beside_the_estimates(tmp_path, asked):
    from hw.boards.known import load

    chip = chip_with(3)
    found = built([Finalist(4, ROW, chip), Finalist(9, ROW, chip_with(5))], tmp_path)
    assert asked == ["point-4", "point-9"]
    placed, sizes = fitted_chip(chip, load("icebreaker"))
    values = found[4]
    assert values.pop("sha256")
    assert values == {
        "front_end": front_end_in_words(sizes),
        "luts": 10,
        "luts_estimated": 9,
        "brams": 2,
        "brams_estimated": 3,
        "cycles": image_cycles(placed, sizes),
        "cycles_estimated": 31,
        "rtl_images": RTL_IMAGES,
        "mismatches": 0,
        "fmax_mhz": 40.0,
        "bitstream": str(tmp_path / "builds" / "point-4" / "x.bin"),
    }
    assert built_words(values) == (
        f"luts 10 (9 estimated), brams 2 (3 estimated), cycles {values['cycles']} (31 estimated); "
        "0 mismatches in 20 images through the RTL"
    )
    assert found[9] == {"error": "too large"}
    assert built_words(found[9]) == "not built: too large"


def test_a_build_is_kept_until_its_bitstream_or_anything_else_is_another(tmp_path, asked, unsimulated):
    finalists = [Finalist(4, ROW, chip_with(3))]
    first = built(finalists, tmp_path)
    assert built(finalists, tmp_path) == first
    assert asked == ["point-4"]
    (tmp_path / "builds" / "point-4" / "x.bin").write_text("another")
    assert built(finalists, tmp_path) == first
    (tmp_path / "builds" / "point-4" / "x.bin").unlink()
    assert built(finalists, tmp_path) == first
    assert built(finalists, tmp_path, PICTURES[:5])[4]["rtl_images"] == 5
    built([Finalist(4, ROW, chip_with(4))], tmp_path)
    assert asked == ["point-4"] * 5


def test_other_tools_build_again(tmp_path, asked, unsimulated, monkeypatch):
    finalists = [Finalist(4, ROW, chip_with(3))]
    first = built(finalists, tmp_path)
    monkeypatch.setattr("hw.fpga.toolchain.version", lambda tool: "another")
    assert built(finalists, tmp_path) == first
    assert asked == ["point-4"] * 2


def test_a_chip_that_is_not_as_the_reference_is_found_out(tmp_path, asked, monkeypatch):
    import sim.images
    from hw.boards.known import load

    right, sizes = fitted_chip(chip_with(3), load("icebreaker"))
    compiled = sim.images.image_program
    monkeypatch.setattr(sim.images, "image_program", lambda chip, sizes, **how: compiled(right, sizes, **how))
    codes = right.array.codes.copy()
    codes[:, :, 0] = codes[:, :, 1]
    found = built([Finalist(4, ROW, chip_with(3).with_array(codes=codes))], tmp_path)
    assert found[4]["front_end"] == front_end_in_words(sizes)
    assert 0 < found[4]["mismatches"] <= RTL_IMAGES


def test_a_chip_without_a_front_end_is_built_and_takes_no_images(tmp_path, asked):
    chip = random_bundle(tiny_design(layers=()), 1)
    (values,) = built([Finalist(4, ROW, chip)], tmp_path).values()
    assert (values["front_end"], values["cycles"], values["rtl_images"]) == ("none", None, 0)
    assert built_words(values) == "luts 10 (9 estimated), brams 2 (3 estimated), cycles - (31 estimated)"
    assert " 2 (3) - (31) 40.0 - none" in " ".join(re.sub("<[^>]*>", " ", built_table({4: values})).split())
