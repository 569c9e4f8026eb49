"""What is kept: counted, removed by kind, kept within a limit, and never taken from who uses it."""

import os
import subprocess
import sys

import pytest

from sw.cache import kept as kept_module
from sw.cache.kept import KINDS, clear, entries, hold, keep_within_limit, limit_bytes, used
from sw.errors import EngramError

HOUR = 3600.0
HOLDER = """
import sys, time
from pathlib import Path
from sw.cache.kept import hold
print(hold(Path(sys.argv[1])), flush=True)
time.sleep(60)
"""


def put(folder, kind, name, size, hours):
    """An entry, last used so many hours after 1970: a folder if its kind has folders."""
    path = folder / kind / "ab" / name
    file = path / "program" if kind == "models" else path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(size))
    os.utime(path, (hours * HOUR,) * 2)
    return path


@pytest.fixture
def folder(tmp_path):
    put(tmp_path, "models", "old", 1000, 1)
    put(tmp_path, "models", "new", 100, 4)
    put(tmp_path, "chips", "a.json", 10, 3)
    put(tmp_path, "teachers", "b", 1, 2)
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.glob("*/ab/*"))


def test_entries_are_counted_the_least_recently_used_first(folder):
    found = entries(folder, KINDS["models"])
    assert [(entry.path.name, entry.size, entry.used) for entry in found] == [
        ("old", 1000, HOUR),
        ("new", 100, 4 * HOUR),
    ]
    used(found[0].path)
    assert [entry.path.name for entry in entries(folder, KINDS["models"])] == ["new", "old"]
    assert entries(folder, KINDS["netlists"]) == []


def test_what_is_half_made_is_no_entry_and_goes_too(folder):
    (folder / "chips" / "ab" / ".c.json.1.tmp").write_text("half")
    (folder / "models" / "engram-build-x").mkdir()
    (folder / "models" / "engram-build-x" / ".lock").write_text("")
    assert len(entries(folder, KINDS["chips"])) == 1
    gone, stay = clear(folder, KINDS.values())
    assert ([entry.size for entry in gone], stay) == ([1000, 100, 1, 10], [])
    assert list(folder.iterdir()) == []


def test_a_kind_is_cleared_alone(folder):
    (folder / "mnist.npz").write_text("a person's own")
    clear(folder, [KINDS["models"]])
    assert names(folder) == ["a.json", "b"] and (folder / "mnist.npz").exists()


def test_what_another_process_uses_stays(folder):
    path = folder / "models" / "ab" / "old"
    with subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "True\n"
        gone, stay = clear(folder, [KINDS["models"]])
        holder.kill()
    assert [[entry.path.name for entry in each] for each in (gone, stay)] == [["new"], ["old"]]
    assert (path / "program").exists()
    clear(folder, [KINDS["models"]])
    assert names(folder) == ["a.json", "b"]


def test_what_is_held_is_there_and_was_used(folder, monkeypatch):
    monkeypatch.setattr(kept_module, "_held", {})
    path = folder / "models" / "ab" / "old"
    assert not hold(path.with_name("none"))
    assert hold(path) and hold(path)
    assert path.stat().st_mtime > 4 * HOUR
    path.rename(folder / "elsewhere")  # by hand, with no regard for locks
    assert not hold(path)
    path.mkdir()
    assert hold(path)
    for file in kept_module._held.values():
        os.close(file)


@pytest.mark.parametrize(
    ("limit", "left"),
    [
        ("2 kB", ["a.json", "b", "new", "old"]),
        ("1110", ["a.json", "b", "new"]),
        ("110", ["a.json", "new"]),
        ("100b", ["new"]),
        ("0", []),
        ("none", ["a.json", "b", "new", "old"]),
        ("", ["a.json", "b", "new", "old"]),
    ],
)
def test_the_least_recently_used_goes_when_there_is_too_much(folder, monkeypatch, limit, left):
    ends = []
    monkeypatch.setattr(kept_module.atexit, "register", lambda *call: ends.append(call))
    monkeypatch.setenv("ENGRAM_CACHE_LIMIT", limit)
    for _ in range(2):
        keep_within_limit(folder)
    assert len(ends) == (limit != "none")
    for function, *arguments in ends:
        function(*arguments)
    assert names(folder) == left


def test_a_limit_is_kept_at_the_end_of_a_process(folder):
    program = "import sys\nfrom sw.cache import Store\nStore().put('fpga', 1, 2)\nprint('done')"
    environment = {**os.environ, "ENGRAM_CACHE": str(folder), "ENGRAM_CACHE_LIMIT": "150"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("done\n", "")
    assert names(folder) == ["a.json", "b", "new"]
    assert len(entries(folder, KINDS["fpga"])) == 1


@pytest.mark.parametrize(
    ("text", "size"),
    [(None, 5 * 10**9), ("1.5GB", 1_500_000_000), ("20 mb", 20_000_000), ("7", 7), ("None", None)],
)
def test_limits_are_sizes(text, size):
    assert limit_bytes({} if text is None else {"ENGRAM_CACHE_LIMIT": text}) == size


@pytest.mark.parametrize("text", ["much", "5 GiB", "-1", "GB", "1e3"])
def test_other_limits_are_refused(text):
    with pytest.raises(EngramError, match=f"must be a size such as 5GB or 500MB, or none, got '{text}'"):
        limit_bytes({"ENGRAM_CACHE_LIMIT": text})
