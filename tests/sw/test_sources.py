"""Sources: the digest changes with every file, constant and version that a module follows from."""

import ast
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from sw import sources
from sw.sources import code_of

FILES = {
    "sw/__init__.py": "",
    "sw/rules/__init__.py": "from sw.rules.plain import rule",
    "sw/rules/plain.py": "from sw import names\nfrom sw.rules.constants import DEFAULT as GIVEN",
    "sw/rules/constants.py": """
from pathlib import Path
DEFAULT: Path = Path(__file__).with_name("a.toml")
CELLS = Path(__file__).parents[1] / "cells"
MODEL = Path(__file__).parent / "sub" / "model.v"
""",
    "sw/rules/a.toml": "",
    "sw/rules/b.toml": "",
    "sw/rules/sub/model.v": "",
    "sw/cells/one.v": "",
    "sw/cells/.two.v.tmp": "",
    "sw/cells/README.md": "",
    "sw/cells/tiny.engram": "",
    "sw/names.py": """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from sw.typed import Typed
else:
    import sw.otherwise
class Late:
    def work(self):
        import numpy.linalg, hw.late
        return ["-m", "hw.started"], "sw.nowhere", "hw. not a name"
""",
    "sw/typed.py": "",
    "sw/otherwise.py": "",
    "sw/alone.py": "",
    "hw/__init__.py": "",
    "hw/late.py": "import sw.rules.plain",
    "hw/started.py": "import other.inner",
    "hw/other.py": "",
    "other/__init__.py": "",
    "other/inner.py": "",
}
COUNT = {
    *("sw/__init__.py", "sw/rules/__init__.py", "sw/rules/plain.py", "sw/rules/constants.py"),
    *("sw/rules/a.toml", "sw/rules/sub/model.v", "sw/cells/one.v", "sw/names.py", "sw/otherwise.py"),
    *("hw/__init__.py", "hw/late.py", "hw/started.py"),
}
START = ModuleType("sw.rules.plain")


@pytest.fixture
def tree(tmp_path, monkeypatch):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    forget()
    yield tmp_path
    forget()


def forget():
    for kept in (sources._digest, sources._place, sources._version):
        kept.cache_clear()


def code(*computations):
    sources._digest.cache_clear()
    return code_of(*computations)


def test_every_file_that_is_imported_or_read_counts_and_no_other(tree):
    first, counting = code(START), set()
    for name in FILES:
        text = (tree / name).read_bytes()
        (tree / name).write_bytes(text + b"\n")
        if code(START) != first:
            counting.add(name)
        (tree / name).write_bytes(text)
    assert counting == COUNT
    assert code(START) == first


def test_a_constant_or_an_import_that_comes_or_goes_counts(tree):
    first = code(START)
    (tree / "sw/cells/two.v").write_text("")
    more = code(START)
    (tree / "sw/rules/a.toml").unlink()
    assert len({first, more, code(START)}) == 3


def test_versions_of_libraries_count(tree, monkeypatch):
    first, asked = code(START), []

    def other(library):
        asked.append(library)
        return "0"

    sources._version.cache_clear()
    monkeypatch.setattr(sources, "version", other)
    assert code(START) != first
    assert sorted(asked) == ["numpy", "other"]


def test_libraries_are_known_by_what_is_imported_of_them():
    assert sources._version("sklearn").startswith("scikit-learn 1.")
    assert sources._version("numpy").count(".") == 2
    assert sources._version("nowhere_to_find") is None


def test_functions_stand_for_their_modules_in_any_order(tree):
    function = lambda: None  # noqa: E731
    function.__module__ = "sw.rules.plain"
    alone = ModuleType("sw.alone")
    assert code(function) == code(START)
    assert code(function, alone) == code(alone, START, function) != code(START)


def test_two_threads_never_parse_at_once(tree, monkeypatch):
    """``SystemError: AST constructor recursion depth mismatch`` came of it, seldom."""
    parsing, met, slow = threading.Lock(), [], ModuleType("ast")

    def parse_slowly(text):
        if not parsing.acquire(blocking=False):
            met.append(text)
            return ast.parse(text)
        time.sleep(0.002)
        parsed = ast.parse(text)
        parsing.release()
        return parsed

    vars(slow).update(vars(ast), parse=parse_slowly)
    monkeypatch.setattr(sources, "ast", slow)
    sources._digest.cache_clear()
    sources._source.cache_clear()
    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(code_of, [START, START]))) == 1
    assert not met


def test_constants_are_named_where_they_are_looked_for():
    """``__file__`` stands in module constants only, in expressions that are understood."""
    for package in sources.PACKAGES:
        for path in (sources.ROOT / package).rglob("*.py"):
            text = path.read_bytes()
            names = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name))
            used = [name for name in names if name.id == "__file__"]
            assert len(used) == len(sources._source(path, text).constants), path


def test_nothing_is_imported_to_find_out():
    program = """
import sys
from types import ModuleType
from sw.sources import code_of
print(code_of(ModuleType("sw.commands.explore.builds"), ModuleType("sw.training.teacher.taught")))
print(sorted(name for name in sys.modules if name.partition(".")[0] in ("hw", "torch", "amaranth", "numpy")))
"""
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    digest, loaded = ran.stdout.splitlines()
    assert len(digest) == 64
    assert loaded == "[]"
