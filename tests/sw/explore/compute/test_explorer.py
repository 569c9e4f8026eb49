"""Exploration: every accuracy is the reference's own, shared work is done once, and kept results are used."""

import numpy as np
import pytest

from sw.energy.accounting import energy_of
from sw.energy.constants import read_constants
from sw.errors import EngramError
from sw.evaluation.chips import Chips
from sw.explore.compute.accuracy import sized
from sw.explore.space.settings import Variant, sizes_matter, sizes_of
from sw.rram.chip.full_scale import with_chosen_full_scale
from sw.templates.maker import Maker
from tests.helpers.explorations import (
    BUNDLE,
    CHIPS,
    DATA,
    IMAGES,
    SEED,
    CountingFarm,
    explorer_in,
    settings_of,
)

HARD = {
    "noise": True,
    "adc_offset_sigma_lsb": "0,1",
    "adc_gain_sigma": "0.05",
    "adc_unit_sigma": "0.1",
    "calibrate_adc": True,
    "p_stuck_hrs": "0.05",
    "p_broken_col": "0.1",
}
SOFT = {"noise": True, "p_stuck_hrs": "0.1", "p_stuck_lrs": "0.1", "read_time": "0,1d"}


def expected(explorer, setting, part, count):
    """By the way of ``engram evaluate``: every chip programmed on its own."""
    images = explorer._variants.images(setting.variant, part, count)
    classifier = sized(explorer._variants.bundle(setting.variant), sizes_of(setting.design))
    conditions = with_chosen_full_scale(
        classifier,
        setting.device,
        setting.conditions,
        *explorer._variants.images(setting.variant, "validation", IMAGES),
        seed=SEED,
    )
    with Chips(classifier, images.levels, images.truth, seed=SEED) as chips:
        return chips.accuracies(setting.device, conditions, CHIPS)


@pytest.mark.parametrize(
    "axes",
    [
        {"rows": "6,8", "cols": "3,4", "cols_per_adc": "1,2", "adc_bits": "0,2,5", "cell_bits": "1,3"},
        {"cols": "2,4", "cols_per_adc": "1,2", "adc_bits": "3,5", **HARD},
        {"cols": "2,4", "cols_per_adc": "1,2", "write_verify": True, "polarity": True, **SOFT},
        {"device": "cmo-hfox,hfox-wan2022", "word_line_ohms": "0,50", "cols": "3,4"},
        {"full_scale": "nominal,auto", "adc_bits": "2,3", "templates_per_class": "1,2", "thresholds": "1,3"},
    ],
    ids=["sizes", "effects", "what no column matters to", "devices", "ranges and templates"],
)
def test_accuracies_are_those_of_chips_programmed_one_by_one(tmp_path, axes):
    explorer, settings = explorer_in(tmp_path), settings_of(**axes)
    explorer.compute(settings)
    explorer.compute_test(settings)
    for setting in settings:
        for part, count in (("validation", IMAGES), ("test", None)):
            want = expected(explorer, setting, part, count)
            np.testing.assert_array_equal(explorer.accuracies(setting, part), want)
    assert len({explorer.row(setting)["accuracy_mean"] for setting in settings}) > 1


def test_what_does_not_reach_the_answers_is_not_computed_again(tmp_path):
    farm = CountingFarm()
    explorer = explorer_in(tmp_path, farm)
    settings = settings_of(rows="6,8", cols="3,4", cols_per_adc="1,2,3", adc_bits="2..5", cell_bits="2,4")
    heard = []
    explorer.compute(settings, heard.append)
    assert farm.computed.count("right_answers") == 4  # rows x cell bits
    assert sum(heard) == explorer.computed == len(settings) == 2 * 2 * 3 * 4 * 2
    rows = [explorer.row(setting) for setting in settings]
    assert [row["accuracy_mean"] for row in rows[:4]] == [row["accuracy_mean"] for row in rows[8:12]]
    assert rows[0]["area_mm2"] != rows[8]["area_mm2"]


def test_a_further_point_costs_only_itself(tmp_path):
    explorer_in(tmp_path).compute(settings_of(adc_bits="2,3"))
    farm = CountingFarm()
    explorer, settings = explorer_in(tmp_path, farm), settings_of(adc_bits="2..4")
    explorer.compute(settings)
    assert farm.computed == ["right_answers"]
    assert explorer.computed == 1
    fresh = explorer_in(tmp_path / "fresh")
    fresh.compute(settings)
    assert [explorer.row(setting) for setting in settings] == [fresh.row(setting) for setting in settings]


def test_an_exploration_that_was_stopped_goes_on(tmp_path):
    class Stopped(CountingFarm):
        def run(self, tasks):
            for number, pair in enumerate(super().run(tasks)):
                if pair[0] and number == 2:
                    raise KeyboardInterrupt
                yield pair

    settings = settings_of(rows="5..9")
    explorer = explorer_in(tmp_path, Stopped())
    with pytest.raises(KeyboardInterrupt):
        explorer.compute(settings)
    assert sum(explorer.row(setting) is not None for setting in settings) == 2
    farm = CountingFarm()
    explorer_in(tmp_path, farm).compute(settings)
    assert farm.computed == ["right_answers"] * 3


def test_a_damaged_result_is_computed_again(tmp_path):
    settings = settings_of()
    first = explorer_in(tmp_path)
    first.compute(settings)
    (file,) = (tmp_path / "chips").rglob("*.json")
    file.write_bytes(file.read_bytes()[:-3])
    again = explorer_in(tmp_path)
    again.compute(settings)
    assert again.computed == 1
    assert again.row(settings[0]) == first.row(settings[0])


def test_templates_are_those_of_engram_templates(tmp_path):
    variants = explorer_in(tmp_path)._variants
    remade = variants.bundle(Variant("tiny", 3, 2))
    maker = Maker(BUNDLE, DATA, seed=SEED)
    (setting,) = settings_of(templates_per_class="2")
    design = BUNDLE.design.with_(templates_per_class=2, cell_bits=1, adc_bits=None)
    assert remade.digest == maker.make("kmeans", design).bundle.digest
    assert setting.variant == Variant("tiny", 3, 2)
    np.testing.assert_array_equal(variants.bundle(Variant("tiny", 3, 1)).templates, BUNDLE.templates)


def test_energy_is_that_of_the_energy_model(tmp_path):
    explorer = explorer_in(tmp_path)
    (setting,) = settings_of(rows="6", cols="3", adc_bits="5")
    explorer.compute([setting])
    row = explorer.row(setting)
    levels = explorer._variants.images(setting.variant, "validation", IMAGES).levels
    energy = energy_of(BUNDLE, levels, read_constants(), setting.design)
    assert row["energy_full_nj"] == sum(energy.full.values())
    assert row["energy_paper_nj"] == sum(energy.paper.values())
    assert row["energy_adc_nj"] == energy.full["adc"]


def test_columns_matter_only_where_match_lines_differ_by_place():
    (plain,) = settings_of()
    assert not sizes_matter(plain.device, plain.conditions)
    for axis in ("adc_gain_sigma", "p_broken_row", "word_line_ohms", "match_line_ohms"):
        (setting,) = settings_of(**{axis: "0.1"})
        assert sizes_matter(setting.device, setting.conditions), axis


def test_a_store_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "chips").write_text("in the way")
    with pytest.raises(EngramError, match=r"cannot write .*what is done is kept: make room") as refused:
        explorer_in(tmp_path).compute(settings_of())
    assert "\n" not in str(refused.value)
