"""All stages in a row, refusals of wrong images, and the search for the first mismatch."""

import dataclasses

import numpy as np
import pytest

from sw.design import DesignPoint
from sw.errors import EngramError
from sw.reference import adc, array, classifier, frontend, noise, pipeline, quantiser
from tests.helpers.bundles import TINY, random_bundle, random_images, random_levels, tiny_design

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
    codes = adc.convert(array.currents(levels, bundle.array.codes, design.rows), bundle.array.adc, design)
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
    monkeypatch.setattr(pipeline, "CHUNK_CONVERSIONS", 1)
    np.testing.assert_array_equal(pipeline.levels_of(bundle, images), levels)
    np.testing.assert_array_equal(pipeline.classify(bundle, levels), labels)


def test_feature_maps_are_the_last_ones_of_the_front_end(monkeypatch):
    bundle, images = random_bundle(TINY, 1), random_images(TINY, 11, 2)
    monkeypatch.setattr(pipeline, "CHUNK_IMAGES", 4)
    maps = pipeline.feature_maps_of(bundle, images)
    assert maps.dtype == np.int32
    np.testing.assert_array_equal(maps, frontend.forward(images, TINY, bundle.frontend)[-1])
    assert pipeline.feature_maps_of(bundle, images[:0]).shape == (0, 2, 3, 3)


WINDOWS = {"cell": "window", "thresholds_per_feature": 3, "match_code": 40, "mismatch_code": 9}
WIDE = tiny_design(height=64, width=64, layers=(), rows=4_096, cell_bits=8)
CHIPS = {
    "noise": (tiny_design(cell_bits=4, adc_bits=8), {"noise": True}),
    "nonlinearity": (tiny_design(cell_bits=4, adc_bits=6, cols=2), {"inl": True}),
    "all": (tiny_design(cell_bits=4, adc_bits=5, templates_per_class=3), {"noise": True, "inl": True}),
    "ideal ADC": (tiny_design(cell_bits=4), {"noise": True}),
    "1-bit ADC": (tiny_design(cell_bits=2, adc_bits=1), {"noise": True, "inl": True}),
    "12-bit ADC": (tiny_design(cell_bits=8, adc_bits=12), {"noise": True, "inl": True}),
    "windows": (tiny_design(cell_bits=4, adc_bits=8, **WINDOWS), {"noise": True, "inl": True}),
    "short last tile": (tiny_design(height=1, width=17, layers=(), rows=16, cell_bits=4), {"noise": True}),
    "products beyond float32": (WIDE.with_(adc_bits=12), {"noise": True}),
    "sums of a hundred thousand": (WIDE, {"noise": True}),
}


def codes_by_hand(bundle, levels, first_image):
    """The rules in 64-bit integers, cell by cell."""
    design, cells = bundle.design, array.cell_currents(bundle.array.codes, bundle.design).astype(np.int64)
    driven = np.stack([cells[values, np.arange(design.features)] for values in levels])
    codes = np.add.reduceat(driven, range(0, design.features, design.rows), axis=1)
    if bundle.array.read_noise is not None:
        keys = noise.image_keys(
            bundle.array.read_noise.key, np.arange(first_image, first_image + len(levels), dtype=np.uint32)
        )
        x, y = noise.random_words(keys, np.arange(codes[0].size, dtype=np.uint32))
        bytes_ = sum((word >> shift & 255).astype(np.int64) for word in (x, y) for shift in (0, 8))
        scaled = (bytes_.reshape(codes.shape) - 510) * bundle.array.read_noise.scale[:, np.newaxis]
        shift = bundle.array.read_noise.shift
        rows = np.diff([*range(0, design.features, design.rows), design.features])[:, np.newaxis]
        largest = rows * (design.max_code if design.cell == "binary" else design.match_code)
        codes = np.clip(codes + (scaled + 2 ** (shift - 1) >> shift), 0, largest)
    if design.adc_bits is None:
        return codes
    for tile, line in np.ndindex(codes.shape[1:]):
        reader, top = design.adc_of_match_line(line), design.max_adc_code
        gain, offset = int(bundle.array.adc.gain[tile, reader]), int(bundle.array.adc.offset[tile, reader])
        code = np.clip(codes[:, tile, line] * gain + offset >> bundle.array.adc.shift, 0, top)
        if bundle.array.adc.inl.size:
            code = np.clip(code + bundle.array.adc.inl[tile, reader, code], 0, top)
        codes[:, tile, line] = code
    return codes


@pytest.mark.parametrize("images", [1, 6, 16])
@pytest.mark.parametrize(("design", "parts"), CHIPS.values(), ids=CHIPS)
def test_floating_point_gives_the_integers(design, parts, images):
    bundle = random_bundle(design, 3, codes="random", **parts)
    levels = random_levels(design, images, 4)
    got = pipeline.run_levels(bundle, levels, 70_000)
    expected = codes_by_hand(bundle, levels, 70_000)
    np.testing.assert_array_equal(got.codes, expected)
    np.testing.assert_array_equal(got.scores, expected.sum(axis=1))
    assert {part.dtype for part in (got.codes, got.scores, got.label)} == {np.dtype(np.int64)}


def test_strong_noise_on_a_short_last_tile_leaves_the_largest_score():
    """65,536 rows of 255 are 16,711,680, just below what float32 holds; one more full tile is not."""
    design = DesignPoint(
        name="wide", height=256, width=256, classes=2, rows=997, row_lanes=1, cell_bits=8, adc_bits=None
    )
    bundle = random_bundle(design, 1)
    codes = np.full_like(bundle.array.codes, 255)
    codes[:, 0] -= np.array([2, 1], np.uint8)
    scale = np.zeros(design.row_tiles, np.int32)
    scale[-1] = 1023
    strong = noise.ReadNoise(np.arange(4, dtype=np.uint16), scale, 1)
    bundle = bundle.with_array(codes=codes, read_noise=strong)
    levels = random_levels(design, 8, 4)
    got = pipeline.run_levels(bundle, levels)
    assert got.scores[:, 0].max() == design.max_score - 2
    assert got.scores[:, 1].max() == design.max_score - 1
    np.testing.assert_array_equal(got.codes, codes_by_hand(bundle, levels, 0))
    np.testing.assert_array_equal(pipeline.classify(bundle, levels), got.label)


@pytest.mark.parametrize("shift", [0, 7, 20, 31])
@pytest.mark.parametrize(("gain", "offset"), [(0, 2**30), (4_095, -(2**30)), (4_095, 2**30), (1, -1)])
def test_extreme_tables_give_the_integers(gain, offset, shift):
    design = tiny_design(cell_bits=8, adc_bits=12)
    bundle = random_bundle(design, 3, codes="random", noise=True)
    shape = bundle.array.adc.gain.shape
    tables = adc.AdcTables(np.full(shape, gain, np.int32), np.full(shape, offset, np.int32), shift)
    bundle = bundle.with_array(adc=tables)
    levels = random_levels(design, 9, 4)
    np.testing.assert_array_equal(pipeline.run_levels(bundle, levels).codes, codes_by_hand(bundle, levels, 0))


def test_the_order_of_levels_in_memory_does_not_show():
    bundle = random_bundle(tiny_design(cell_bits=4, adc_bits=5), 1, codes="random", noise=True)
    levels = random_levels(bundle.design, 50, 3)
    labels = pipeline.classify(bundle, levels)
    np.testing.assert_array_equal(pipeline.classify(bundle, np.asfortranarray(levels)), labels)
    np.testing.assert_array_equal(pipeline.run_levels(bundle, levels).label, labels)


def test_chips_side_by_side_are_each_as_alone(monkeypatch):
    design = tiny_design(cell_bits=4, adc_bits=6, templates_per_class=2)
    chips = [
        random_bundle(design, seed, codes="random", noise=seed != 2, inl=seed == 3) for seed in range(1, 4)
    ]
    levels = random_levels(design, 40, 3)
    together = pipeline.classify_chips(chips, levels)
    monkeypatch.setattr(pipeline, "CHUNK_CONVERSIONS", 150)
    for chip, labels in zip(chips, together, strict=True):
        np.testing.assert_array_equal(labels, pipeline.run_levels(chip, levels).label)


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
