"""Features: maps are the reference's own, kept piece by piece in a narrow type, and computed once."""

import numpy as np
import pytest

from sw.cache import Store
from sw.explore.compute import features as features_module
from sw.explore.compute.features import Features, piece_maps
from sw.reference import pipeline
from tests.helpers.explorations import BUNDLE, DATA, CountingFarm

WANTED = pipeline.feature_maps_of(BUNDLE, DATA.train.images)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(features_module, "PIECE_IMAGES", 25)


def test_maps_are_those_of_the_reference(tmp_path):
    features, heard = Features(BUNDLE, DATA, Store(tmp_path)), []
    maps = features.maps("train", 60, CountingFarm(), heard.append)
    np.testing.assert_array_equal(maps, WANTED[:60])
    assert maps.dtype == np.int32
    assert sum(heard) == 60
    np.testing.assert_array_equal(features.maps("train", 1_000, CountingFarm()), WANTED)


def test_pieces_are_computed_once_and_again_where_damaged(tmp_path):
    Features(BUNDLE, DATA, Store(tmp_path)).maps("train", None, CountingFarm())
    files = sorted((tmp_path / "features").rglob("*.npy"))
    assert len(files) == 4
    assert np.load(files[0]).dtype.itemsize < 4
    files[0].write_bytes(files[0].read_bytes()[:100])
    np.save(files[1], np.zeros((3, 3)))
    farm, heard = CountingFarm(), []
    maps = Features(BUNDLE, DATA, Store(tmp_path)).maps("train", None, farm, heard.append)
    np.testing.assert_array_equal(maps, WANTED)
    assert farm.computed == ["piece_maps"] * 2
    assert sum(heard) == len(WANTED)


def test_maps_are_kept_in_the_narrowest_type_that_holds_them(monkeypatch):
    for low, high, kind in ((-128, 127, np.int8), (0, 128, np.int16), (-(2**15) - 1, 0, np.int32)):
        maps = np.array([[[[low, high]]]], np.int32)
        monkeypatch.setattr(pipeline, "feature_maps_of", lambda bundle, images, maps=maps: maps)
        kept = piece_maps(BUNDLE, DATA.test.images)
        assert kept.dtype == kind
        np.testing.assert_array_equal(kept, maps)
