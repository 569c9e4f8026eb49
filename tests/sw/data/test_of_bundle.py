"""Which data sets and labels a bundle takes."""

import numpy as np
import pytest

from sw.bundle.bundle import DataOrigin, Provenance
from sw.data.of_bundle import check_labels, check_origin
from sw.errors import EngramError
from tests.helpers.bundles import random_bundle, tiny_design

ORIGIN = DataOrigin(name="small.npz", digest="a" * 64)


def test_another_data_set_is_refused_unless_asked_for():
    bundle = random_bundle(tiny_design(), 1)
    trained = bundle.with_(provenance=Provenance(engram_version="1", data=ORIGIN))
    other = DataOrigin(name="small.npz", digest="b" * 64)
    assert check_origin(trained, ORIGIN, chosen=False) is True
    assert check_origin(trained, other, chosen=True) is False
    assert check_origin(bundle, other, chosen=True) is False
    with pytest.raises(EngramError) as refusal:
        check_origin(trained, other, chosen=False)
    assert str(refusal.value) == (
        "data set 'small.npz' must be the one the bundle was trained on (digest aaaaaaaaaaaa), "
        "got digest bbbbbbbbbbbb; give --data to evaluate on it all the same"
    )


def test_unknown_classes_and_empty_test_splits_are_refused():
    bundle = random_bundle(tiny_design(), 1)
    check_labels(bundle, np.array([0, 2], np.uint8))
    with pytest.raises(EngramError, match="knows classes 0 to 2, the data set's test split has class 3"):
        check_labels(bundle, np.array([0, 3], np.uint8))
    with pytest.raises(EngramError, match="the test split must hold at least one image, got none"):
        check_labels(bundle, np.zeros(0, np.uint8))
