"""``engram cache``: what it counts, what it removes, what it refuses."""

import json

import pytest

from sw.cache import Store
from sw.cache.kept import KINDS
from tests.helpers.commands import run


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path))
    monkeypatch.delenv("ENGRAM_CACHE_LIMIT", raising=False)
    store = Store(tmp_path)
    for number in range(3):
        store.put("chips", number, number)
    store.put("fpga", 1, [1])
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "images.gz").write_bytes(bytes(1_000_000))
    (tmp_path / "mnist.npz").write_text("a person's own")
    return store


def test_what_is_kept_is_counted(store):
    code, out, _ = run("cache", "--json")
    said = json.loads(out)
    assert code == 0 and (said["folder"], said["limit"]) == (str(store.folder), 5 * 10**9)
    assert list(said["kinds"]) == [*KINDS, "data"]
    counts = {name: (kind["entries"], kind["bytes"]) for name, kind in said["kinds"].items()}
    assert (counts["chips"], counts["fpga"], counts["data"]) == ((3, 36), (1, 14), (1, 1_000_000))
    assert said["kinds"]["models"] == {"entries": 0, "bytes": 0, "last_use": None}


def test_a_person_gets_a_table_and_the_folder(store, monkeypatch):
    monkeypatch.setenv("ENGRAM_CACHE_LIMIT", "20MB")
    code, out, err = run("cache", "chips", "data")
    assert code == 0 and err == f"in {store.folder}, at most 20.0 MB but for downloads\n"
    for word in ("chips", "36 B", "1.0 MB"):
        assert word in out
    assert "models" not in out


def test_a_kind_is_removed(store):
    code, out, err = run("cache", "chips", "--clear")
    assert (code, out, err) == (0, "", "removed 3 entries, 36 bytes\n")
    assert store.get("chips", 1) is None and store.get("fpga", 1) == [1]


def test_all_is_removed_but_what_a_person_put_there(store):
    _, out, _ = run("cache", "--clear", "--json")
    assert json.loads(out)["removed"] == {"entries": 5, "bytes": 1_000_050}
    assert [path.name for path in store.folder.iterdir()] == ["mnist.npz"]


@pytest.mark.parametrize(
    ("arguments", "limit", "message"),
    [
        (["books"], "", "error: there is no kind 'books'; choose from models, runtimes, "),
        ([], "much", "error: ENGRAM_CACHE_LIMIT must be a size such as 5GB or 500MB, or none, got 'much'\n"),
    ],
)
def test_what_it_refuses(store, monkeypatch, arguments, limit, message):
    monkeypatch.setenv("ENGRAM_CACHE_LIMIT", limit)
    code, out, err = run("cache", *arguments)
    assert (code, out) == (2, "") and err.startswith(message)
