"""All stages in a row, refusals of wrong images, and the search for the first mismatch."""

import dataclasses

import numpy as np
import pytest

from sw.errors import EngramError
from sw.reference import adc, array, classifier, frontend, pipeline, quantiser
from tests.bundles import TINY, random_bundle, random_images, random_levels, tiny_design

DESIGNS = {
    "ideal": TINY,
    "one row": tiny_design(rows=1, row_lanes=1),
    "one tile": tiny_design(rows=100),
    "thermometer, several templates": tiny_design(thresholds_per_feature=3, templates_per_class=3),
    "ADC": tiny_design(cell_bits=4, adc_bits=5, cols=2, cols_per_adc=3, margin=3),
}


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_the_pipeline_is_its_stages(design):
    bundle = random_bundle(design, 1, codes="random")
    images = random_images(design, 5, 2)
    got = pipeline.run(bundle, images)
    feature_map = frontend.forward(images, design, bundle.frontend)[-1]
    levels = quantiser.word_line_values(feature_map, bundle.feature_thresholds)
    codes = adc.convert(array.currents(levels, bundle.codes, design.rows), bundle.adc, design)
    scores = classifier.template_scores(codes)
    decision = classifier.decide(scores, design.templates_per_class, design.margin)
    assert codes.shape == (5, design.row_tiles, design.templates)
    for have, want in zip(dataclasses.astuple(got), (levels, codes, scores, *decision), strict=True):
        np.testing.assert_array_equal(have, want)
    np.testing.assert_array_equal(pipeline.classify(bundle, levels), decision.label)


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_codes_and_scores_stay_in_their_widths(design):
    bundle = random_bundle(design, 1, codes="random")
    trace = pipeline.run_levels(bundle, random_levels(design, 50, 3))
    assert trace.codes.min() >= 0
    assert trace.codes.max() <= design.max_adc_code
    assert trace.scores.max() <= design.max_score
    assert trace.margin.min() >= 0


def test_chunks_do_not_show(monkeypatch):
    bundle = random_bundle(TINY, 1)
    images = random_images(TINY, 11, 2)
    levels = pipeline.levels_of(bundle, images)
    labels = pipeline.classify(bundle, levels)
    monkeypatch.setattr(pipeline, "CHUNK_IMAGES", 4)
    np.testing.assert_array_equal(pipeline.levels_of(bundle, images), levels)
    np.testing.assert_array_equal(pipeline.classify(bundle, levels), labels)


def test_no_images_give_no_answers():
    bundle = random_bundle(TINY, 1)
    levels = pipeline.levels_of(bundle, random_images(TINY, 0, 1))
    assert levels.shape == (0, TINY.features)
    assert pipeline.classify(bundle, levels).shape == (0,)


@pytest.mark.parametrize(
    ("images", "came"),
    [
        (np.zeros((2, 5, 6), np.uint8), "uint8 of shape 5 x 6"),
        (np.zeros((2, 6, 5, 3), np.uint8), "uint8 of shape 6 x 5 x 3"),
        (np.zeros((2, 6, 5), np.float32), "float32 of shape 6 x 5"),
    ],
    ids=["transposed", "colour", "float"],
)
def test_wrong_images_are_refused(images, came):
    with pytest.raises(EngramError) as refusal:
        pipeline.levels_of(random_bundle(TINY, 1), images)
    assert str(refusal.value) == (
        f"bundle 'tiny' takes uint8 images of 6 x 5 pixels, got {came}; use images of that size"
    )


@pytest.fixture
def trace():
    return pipeline.run(random_bundle(TINY, 1), random_images(TINY, 6, 2))


def with_error(trace, stage, place):
    wrong = getattr(trace, stage).copy()
    wrong[place] = ~wrong[place] if wrong.dtype == bool else wrong[place] + 1
    return dataclasses.replace(trace, **{stage: wrong})


def test_equal_traces_have_no_mismatch(trace):
    assert pipeline.first_mismatch(trace, dataclasses.replace(trace)) is None


@pytest.mark.parametrize(
    ("stage", "place"),
    [
        ("levels", (2, 5)),
        ("codes", (3, 1, 2)),
        ("scores", (0, 1)),
        ("template", (4,)),
        ("label", (5,)),
        ("margin", (1,)),
        ("accepted", (2,)),
    ],
)
def test_a_mismatch_names_image_stage_index_and_values(trace, stage, place):
    found = pipeline.first_mismatch(trace, with_error(trace, stage, place))
    expected = int(getattr(trace, stage)[place])
    got = 1 - expected if stage == "accepted" else expected + 1
    assert found == pipeline.Mismatch(place[0], stage, place[1:], expected, got)
    where = f"[{', '.join(map(str, place[1:]))}]" if place[1:] else ""
    assert str(found) == f"image {place[0]}, {stage}{where}: expected {expected}, got {got}"


def test_the_lowest_image_comes_first_then_the_earliest_stage(trace):
    wrong = with_error(trace, "levels", (4, 0))
    wrong = with_error(wrong, "margin", (2,))
    wrong = with_error(wrong, "codes", (2, 1, 1))
    wrong = with_error(wrong, "codes", (2, 1, 0))
    found = pipeline.first_mismatch(trace, wrong)
    assert (found.image, found.stage, found.index) == (2, "codes", (1, 0))
