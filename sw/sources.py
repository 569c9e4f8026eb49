"""Sources: a digest of everything in this project, and around it, that a computation follows from.

The imports of its module are followed from file to file, those inside functions too. With the files go the
constants that they read and the versions of the libraries that they import. So a result that is kept under
such a digest is computed anew as soon as one of them is another, and nobody has to keep a list of them.
A module that reads constants names their file or folder in a module constant made from ``Path(__file__)``.

Nothing is imported to find this out: ``hw`` and ``sim`` need packages that are not installed everywhere.
"""

import ast
import hashlib
import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import sw

__all__ = ["ROOT", "code_of"]

ROOT = Path(sw.__path__[0]).parent
"""Folder of the project's packages."""
PACKAGES = ("sw", "hw", "sim", "constraints", "formal")
"""The project's own; in a wheel, those of others lie beside them."""
STARTS = tuple(f"{package}." for package in PACKAGES)
NO_CONSTANTS = (".py", ".md", ".engram")
"""Files of a folder of constants that are none: source and text; bundles are known by their own digest."""

_one_at_a_time = threading.Lock()
"""Python's parser counts its depth for all threads together: two that parse can end in a SystemError."""


class Source(NamedTuple):
    """Imports and other facts that are read from a source text.

    Attributes
    ----------
    modules
        Every module that it may import; a name that is imported from a module counts as one within it.
    constants
        Files and folders that its module constants name.
    """

    modules: tuple[str, ...]
    constants: tuple[Path, ...]


def code_of(*computations: Callable[..., Any] | ModuleType) -> str:
    """SHA-256 of all that computations follow from, but for their arguments.

    Parameters
    ----------
    computations
        Functions, classes or modules. The whole module of a function counts.

    Returns
    -------
    str
        64 hexadecimal digits: of every file by its path from the project's root, and of the versions of the
        libraries; one that is not installed has none.
    """
    with _one_at_a_time:
        return _digest(tuple(sorted(set(map(_module_of, computations)))))


def _module_of(computation: Callable[..., Any] | ModuleType) -> str:
    return computation.__name__ if isinstance(computation, ModuleType) else computation.__module__


@cache
def _digest(modules: tuple[str, ...]) -> str:
    files, libraries = _walk(modules)
    content = {
        path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(files)
    }
    return hashlib.sha256(
        json.dumps([content, {name: _version(name) for name in sorted(libraries)}]).encode()
    ).hexdigest()


def _walk(modules: Iterable[str]) -> tuple[set[Path], set[str]]:
    """Files that modules follow from, and libraries by the name that is imported."""
    left, seen = list(modules), set[str]()
    files, libraries = set[Path](), set[str]()
    while left:
        module = left.pop()
        if module in seen:
            continue
        seen.add(module)
        package, _, _ = module.rpartition(".")
        if package:
            left.append(package)  # importing a module runs the packages it lies in
        if module.partition(".")[0] not in PACKAGES:
            libraries.add(module.partition(".")[0])
        elif (path := _place(module)) is not None:
            source = _source(path, path.read_bytes())
            left += source.modules
            files.update((path, *(file for place in source.constants for file in _constants(place))))
    return files, libraries - sys.stdlib_module_names


@cache
def _place(module: str) -> Path | None:
    """The file of a module; None for a name within a module."""
    path = ROOT.joinpath(*module.split("."))
    places = (path / "__init__.py", path.with_name(f"{path.name}.py"))
    return next((place for place in places if place.is_file()), None)


@cache
def _source(path: Path, text: bytes) -> Source:
    tree = ast.parse(text)
    places = (
        _named_place(node.value, path) for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)
    )
    return Source(tuple(_imported(tree)), tuple(place for place in places if place is not None))


def _imported(tree: ast.Module) -> set[str]:
    """Modules that a source imports, or names in a string, as those that a process of its own is to run."""
    found, left = set[str](), list[ast.AST](tree.body)
    while left:
        node = left.pop()
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                left += node.orelse
                continue
            case ast.Import():
                found.update(alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                found.update(f"{module}.{alias.name}" for alias in node.names)
            case ast.Constant(value=str(text)) if text.startswith(STARTS) and _place(text) is not None:
                found.add(text)
        left += ast.iter_child_nodes(node)
    return found


def _named_place(node: ast.expr | None, path: Path) -> Path | None:
    """Path that an expression in ``Path(__file__)`` names, in the file `path`; None for any other."""
    match node:
        case ast.Call(func=ast.Name(id="Path"), args=[ast.Name(id="__file__")]):
            return path
        case ast.Attribute(value=inner, attr="parent"):
            place = _named_place(inner, path)
            return place and place.parent
        case ast.Subscript(
            value=ast.Attribute(value=inner, attr="parents"), slice=ast.Constant(value=int(above))
        ):
            place = _named_place(inner, path)
            return place and place.parents[above]
        case ast.Call(
            func=ast.Attribute(value=inner, attr="with_name"), args=[ast.Constant(value=str(name))]
        ):
            place = _named_place(inner, path)
            return place and place.with_name(name)
        case ast.BinOp(left=inner, op=ast.Div(), right=ast.Constant(value=str(name))):
            place = _named_place(inner, path)
            return place and place / name
    return None


def _constants(place: Path) -> Iterator[Path]:
    """A file, or those of a folder that are constants."""
    for path in place.iterdir() if place.is_dir() else [place]:
        if path.is_file() and path.suffix not in NO_CONSTANTS and not path.name.startswith("."):
            yield path


@cache
def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        names = sorted(set(_distributions().get(library, [])))
        return ", ".join(f"{name} {version(name)}" for name in names) or None


@cache
def _distributions() -> dict[str, list[str]]:
    """Packages by what is imported of them, for those with another name, such as sklearn; takes 0.3 s."""
    return dict(packages_distributions())
