"""Imports as the source says them: who imports whom, circles, and imports of a higher floor."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = [
    "DOORS",
    "FILES",
    "PACKAGES",
    "PRODUCT",
    "ROOT",
    "SOURCES",
    "Import",
    "arrows_of",
    "circles",
    "imports_of",
    "room_of",
    "upward",
    "within",
]

ROOT = Path(__file__).parents[2]
PACKAGES = ("sw", "hw", "sim", "formal", "constraints", "published", "tests")


def _modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def within(module: str, packages: Iterable[str]) -> bool:
    """Whether a module is one of these packages or modules, or lies in one."""
    return any(module == package or module.startswith(package + ".") for package in packages)


FILES = dict(_modules())
"""Every file of the project by its module's name."""
SOURCES = {name: path.read_text(encoding="utf-8") for name, path in FILES.items()}
PRODUCT = {name: source for name, source in SOURCES.items() if not within(name, ["tests"])}
"""Sources without the tests."""
DOORS = {"sw.explore.__main__": "sw.commands.explore"}
"""``python -m`` doors that lie in a lower folder than the command behind them."""


@dataclass(frozen=True)
class Import:
    """One imported module; `nested` inside a function, `typing` under TYPE_CHECKING."""

    module: str
    line: int
    nested: bool
    typing: bool


@cache  # most questions are about all files
def imports_of(source: str) -> tuple[Import, ...]:
    """Every import of a source text, at any depth; ``from a import b`` counts as ``a.b``."""
    found: list[Import] = []

    def visit(node: ast.AST, nested: bool, typing: bool) -> None:
        if isinstance(node, ast.Import):
            found.extend(Import(alias.name, node.lineno, nested, typing) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative imports are not used here"
            for alias in node.names:
                found.append(Import(f"{node.module}.{alias.name}", node.lineno, nested, typing))
        inner = nested or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.body:
                visit(child, inner, True)
            for child in node.orelse:
                visit(child, inner, typing)
            return
        for child in ast.iter_child_nodes(node):
            visit(child, inner, typing)

    visit(ast.parse(source), False, False)
    return tuple(found)


def arrows_of(sources: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """For every module the modules among `sources` that it imports, each with the line of its first import.

    Imports inside functions and under TYPE_CHECKING count: they tie two files together just as well.
    """
    arrows: dict[str, dict[str, int]] = {module: {} for module in sources}
    for module, source in sources.items():
        for used in imports_of(source):
            name = used.module
            target = name if name in sources else name.rpartition(".")[0]
            if target in sources and target != module:
                arrows[module].setdefault(target, used.line)
    return arrows


def circles(arrows: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """One path for every group of modules that import each other, from a module back to itself."""
    found: list[list[str]] = []
    finished: set[str] = set()

    def visit(module: str, path: list[str]) -> None:
        if module in path:
            found.append([*path[path.index(module) :], module])
        elif module not in finished:
            for target in arrows[module]:
                visit(target, [*path, module])
            finished.add(module)

    for module in arrows:
        visit(module, [])
    return found


def room_of(module: str, rooms: Iterable[str]) -> str:
    """The room of a module: itself, or the folder that it lies in. Raises KeyError if neither is one."""
    for candidate in (module, module.rpartition(".")[0]):
        if candidate in rooms:
            return candidate
    raise KeyError(module)


def upward(arrows: Mapping[str, Mapping[str, int]], rooms: list[str], doors: Mapping[str, str]) -> list[str]:
    """Every import of a room that does not stand behind the importing one in `rooms`, as text.

    A folder and the folders inside it may import each other. `doors` are modules that may import one more
    room than their place allows.
    """
    found = []
    for module, targets in arrows.items():
        own = room_of(module, rooms)
        for target, line in targets.items():
            other = room_of(target, rooms)
            outer, inner = sorted((own, other), key=len)
            related = own == other or ("." in outer and inner.startswith(f"{outer}."))
            if not related and doors.get(module) != other and rooms.index(other) < rooms.index(own):
                found.append(f"{module}:{line} imports {target}: {own} stands below {other}")
    return found
