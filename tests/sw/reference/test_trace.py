"""The first place where two traces differ."""

import dataclasses

import pytest

from sw.reference import pipeline
from sw.reference.trace import Mismatch, first_mismatch
from tests.helpers.bundles import TINY, random_bundle, random_images


@pytest.fixture
def trace():
    return pipeline.run(random_bundle(TINY, 1), random_images(TINY, 6, 2))


def with_error(trace, stage, place):
    wrong = getattr(trace, stage).copy()
    wrong[place] = ~wrong[place] if wrong.dtype == bool else wrong[place] + 1
    return dataclasses.replace(trace, **{stage: wrong})


def test_equal_traces_have_no_mismatch(trace):
    assert first_mismatch(trace, dataclasses.replace(trace)) is None


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
    found = first_mismatch(trace, with_error(trace, stage, place))
    expected = int(getattr(trace, stage)[place])
    got = 1 - expected if stage == "accepted" else expected + 1
    assert found == Mismatch(place[0], stage, place[1:], expected, got)
    where = f"[{', '.join(map(str, place[1:]))}]" if place[1:] else ""
    assert str(found) == f"image {place[0]}, {stage}{where}: expected {expected}, got {got}"


def test_the_lowest_image_comes_first_then_the_earliest_stage(trace):
    wrong = with_error(trace, "levels", (4, 0))
    wrong = with_error(wrong, "margin", (2,))
    wrong = with_error(wrong, "codes", (2, 1, 1))
    wrong = with_error(wrong, "codes", (2, 1, 0))
    found = first_mismatch(trace, wrong)
    assert (found.image, found.stage, found.index) == (2, "codes", (1, 0))


def test_classes_may_have_names():
    names = ["ant", "bee", "cat"].__getitem__
    assert Mismatch(3, "label", (), 2, 0).words(names) == "image 3, label: expected cat, got ant"
    assert Mismatch(3, "margin", (), 2, 0).words(names) == "image 3, margin: expected 2, got 0"
