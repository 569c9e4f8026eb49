"""Which data sets and labels a bundle takes."""

from dataclasses import replace

import numpy as np
import pytest

from sw.bundle.inputs import Inputs
from sw.bundle.provenance import Provenance
from sw.data.of_bundle import check_labels, check_origin, dataset_of, selection_of
from sw.data.parts import Dataset, Part
from sw.errors import EngramError
from tests.helpers.bundles import random_bundle, random_images, tiny_design


def data(*tests):
    """A data set with these classes in the test part."""
    labels = np.array(tests, np.uint8)
    parts = [Part(np.zeros((len(each), 4, 4), np.uint8), each) for each in (np.arange(3), labels, labels)]
    return Dataset("small.npz", *parts, classes=3)


def test_another_data_set_is_refused_unless_asked_for():
    bundle = random_bundle(tiny_design(), 1)
    own, other = data(0, 2), data(0, 1)
    trained = bundle.with_(provenance=Provenance(data=own.origin))
    assert check_origin(trained, own, chosen=False) is True
    assert check_origin(trained, other, chosen=True) is False
    assert check_origin(bundle, other, chosen=True) is False
    with pytest.raises(EngramError) as refusal:
        check_origin(trained, other, chosen=False)
    assert str(refusal.value) == (
        f"data set 'small.npz' must be the one the bundle was trained on (digest {own.digest[:12]}), "
        f"got digest {other.digest[:12]}; give --data to evaluate on it all the same"
    )


def test_unknown_classes_and_empty_test_splits_are_refused():
    bundle = random_bundle(tiny_design(), 1)
    check_labels(bundle, data(0, 2))
    with pytest.raises(EngramError, match="knows classes 0 to 2, the data set's test split has class 3"):
        check_labels(bundle, data(0, 3))
    with pytest.raises(EngramError, match="the test split must hold at least one image, got none"):
        check_labels(bundle, data())


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """A bundle that was trained on a file of 9 test images in this folder, and what is in the file."""
    monkeypatch.chdir(tmp_path)
    images = random_images(tiny_design(), 60, 1)
    labels = np.arange(60) % 3
    np.savez("own.npz", x_train=images, y_train=labels, x_test=images[:9], y_test=labels[:9])
    found, trained_on = dataset_of(random_bundle(tiny_design(), 1), "own.npz")
    assert not trained_on
    return random_bundle(tiny_design(), 1).with_(provenance=Provenance(data=found.origin)), found


@pytest.mark.parametrize(("asked", "count"), [("all", 9), ("1", 1), ("9", 9), (4, 4), (100, 9)])
def test_the_first_test_images_of_a_bundles_own_data_set(trained, asked, count):
    bundle, found = trained
    dataset, part, trained_on = selection_of(bundle, None, asked)
    assert (dataset.digest, trained_on, len(part)) == (found.digest, True, count)
    assert np.array_equal(part.images, found.test.images[:count])
    assert np.array_equal(part.labels, found.test.labels[:count])


@pytest.mark.parametrize("asked", ["0", "10", "-1", "some", "\u0664"])
def test_a_user_must_ask_for_a_number_of_images_that_there_is(trained, asked):
    with pytest.raises(EngramError) as refusal:
        selection_of(trained[0], None, asked)
    assert str(refusal.value) == (
        f"--images must be 'all' or 1 to 9, the test images of own.npz, got {asked!r}"
    )


def test_a_bundle_without_a_data_set_needs_one_by_name():
    with pytest.raises(EngramError, match="must say which data set it was trained on, it does not; name one"):
        dataset_of(random_bundle(tiny_design(), 1), None)


def test_other_names_of_the_same_classes_are_refused():
    bundle = random_bundle(tiny_design(), 1).with_(inputs=Inputs(class_names=("ant", "bee", "cat")))
    check_labels(bundle, data(0, 2))
    check_labels(bundle, replace(data(0, 2), inputs=bundle.inputs))
    with pytest.raises(EngramError) as refusal:
        check_labels(bundle, replace(data(0, 2), inputs=Inputs(class_names=("ant", "cat", "bee"))))
    assert str(refusal.value) == (
        "bundle 'tiny' must have the classes of the data set, its class 1 is 'bee', that of 'small.npz' "
        "'cat'; "
        "number the data set's as the bundle's"
    )
