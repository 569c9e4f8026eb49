"""Accuracies, confusion matrix, features, and which data sets and labels are taken."""

import numpy as np
import pytest

from sw.bundle.bundle import DataOrigin, Provenance
from sw.errors import EngramError
from sw.evaluation import scores as evaluate
from sw.reference import pipeline
from tests.helpers.bundles import random_bundle, random_images, random_levels, tiny_design

ORIGIN = DataOrigin(name="small.npz", digest="a" * 64)


def test_confusion_matrix_by_hand():
    truth, labels = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 0, 2])
    got = evaluate.confusion_matrix(truth, labels, 4)
    assert got.tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 2, 0], [0, 0, 0, 0]]
    assert evaluate.accuracy(labels, truth) == 4 / 6


def test_labels_of_eight_bits_do_not_wrap_in_the_confusion_matrix():
    truth = np.full(3, 200, np.uint8)
    assert evaluate.confusion_matrix(truth, np.array([200, 1, 200]), 201)[200, 200] == 2


def test_the_ideal_array_counts_matches_whatever_was_programmed():
    bundle = random_bundle(tiny_design(cell_bits=3, adc_bits=4), 1, codes="random")
    levels = random_levels(bundle.design, 20, 2)
    scores = pipeline.run_levels(evaluate.with_ideal_array(bundle), levels).scores
    np.testing.assert_array_equal(scores, (levels[:, np.newaxis] == bundle.templates).sum(axis=2))


@pytest.mark.parametrize("count", [0, 1, 500, 1_001])
def test_features_in_steps_are_those_of_the_reference(count):
    bundle = random_bundle(tiny_design(), 1)
    images = random_images(bundle.design, count, 2)
    heard = []
    got = evaluate.features_of(bundle, images, heard.append)
    np.testing.assert_array_equal(got, pipeline.levels_of(bundle, images))
    assert sum(heard) == count


@pytest.mark.parametrize("count", [0, 1, 1_001])
def test_feature_maps_in_steps_are_those_of_the_reference(count):
    bundle = random_bundle(tiny_design(), 1)
    images = random_images(bundle.design, count, 2)
    heard = []
    got = evaluate.feature_maps_of(bundle, images, heard.append)
    np.testing.assert_array_equal(got, pipeline.feature_maps_of(bundle, images))
    assert sum(heard) == count


def test_another_data_set_is_refused_unless_asked_for():
    bundle = random_bundle(tiny_design(), 1)
    trained = bundle.with_(provenance=Provenance(engram_version="1", data=ORIGIN))
    other = DataOrigin(name="small.npz", digest="b" * 64)
    assert evaluate.check_origin(trained, ORIGIN, chosen=False) is True
    assert evaluate.check_origin(trained, other, chosen=True) is False
    assert evaluate.check_origin(bundle, other, chosen=True) is False
    with pytest.raises(EngramError) as refusal:
        evaluate.check_origin(trained, other, chosen=False)
    assert str(refusal.value) == (
        "data set 'small.npz' must be the one the bundle was trained on (digest aaaaaaaaaaaa), "
        "got digest bbbbbbbbbbbb; give --data to evaluate on it all the same"
    )


def test_unknown_classes_and_empty_test_splits_are_refused():
    bundle = random_bundle(tiny_design(), 1)
    evaluate.check_labels(bundle, np.array([0, 2], np.uint8))
    with pytest.raises(EngramError, match="knows classes 0 to 2, the data set's test split has class 3"):
        evaluate.check_labels(bundle, np.array([0, 3], np.uint8))
    with pytest.raises(EngramError, match="the test split must hold at least one image, got none"):
        evaluate.check_labels(bundle, np.zeros(0, np.uint8))
