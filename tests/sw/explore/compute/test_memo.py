"""Memo: what was found once is not looked for again, and what is new is kept."""

from sw.cache import Store
from sw.explore.compute.memo import Memo


def test_the_store_is_asked_once(tmp_path):
    store = Store(tmp_path)
    memo, key = Memo(store, "chips"), {"a": 1}
    assert not memo.recall(key)
    assert memo.held(key) is None
    store.put("chips", key, 2)
    assert not memo.recall(key)
    assert Memo(store, "chips").recall(key)


def test_what_is_put_is_held_and_kept(tmp_path):
    store = Store(tmp_path)
    memo = Memo(store, "chips")
    memo.put([1], 0)
    assert (memo.recall([1]), memo.held([1]), store.get("chips", [1])) == (True, 0, 0)


def test_what_is_in_the_store_is_held_when_it_was_recalled(tmp_path):
    store = Store(tmp_path)
    store.put("chips", "key", [3])
    memo = Memo(store, "chips")
    assert memo.held("key") is None
    assert memo.recall("key")
    assert memo.held("key") == [3]
