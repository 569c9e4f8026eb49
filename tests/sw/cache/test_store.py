"""Store: what is kept is found by an equal key, and by no other."""

import pytest

from sw.cache import Store, digest_of
from sw.cache import store as store_module
from sw.errors import EngramError


def test_values_are_found_by_their_key_and_kind(tmp_path):
    store, key = Store(tmp_path / "new"), {"b": [1, 2.5], "a": None}
    assert store.get("chips", key) is None
    store.put("chips", key, [1, 2])
    assert store.get("chips", {"a": None, "b": [1, 2.5]}) == [1, 2]
    assert store.get("fpga", key) is None
    assert store.get("chips", {"a": None, "b": [1, 2]}) is None


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b'{"other": 1}', b"\xff", b"[" * 100_000])
def test_a_damaged_file_counts_as_none(tmp_path, damaged):
    store = Store(tmp_path)
    store.put("chips", 1, 2)
    store.path("chips", 1, ".json").write_bytes(damaged)
    assert store.get("chips", 1) is None


def test_a_disk_that_is_full_is_one_line(tmp_path, monkeypatch):
    def full(path, data):
        raise EngramError(f"cannot write {path}: No space left on device")

    monkeypatch.setattr(store_module, "write_atomically", full)
    with pytest.raises(EngramError, match=r"No space left on device; what is done is kept: make room"):
        Store(tmp_path).put("chips", 1, 2)


def test_a_store_without_a_folder_is_the_cache(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENGRAM_CACHE", "here")
    folder = Store().path("chips", 1, "")
    assert folder == Store(tmp_path / "here").path("chips", 1, "")
    assert folder.is_absolute() and folder.suffix == ""


def test_digests_tell_apart():
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert len({digest_of(key) for key in (1, "1", 1.5, None, [1], {"a": 1})}) == 6
