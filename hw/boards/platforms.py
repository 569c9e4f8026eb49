"""Platforms: classes of amaranth-boards, found by the name of their module or by their own."""

import importlib
import inspect
import pkgutil
import re
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from amaranth.build import TemplatedPlatform

from constraints.boards import Family
from hw.families.known import FAMILIES
from sw.errors import EngramError

__all__ = ["every", "family_of", "find_class", "import_class", "listed", "made", "module_names"]

PACKAGE = "amaranth_boards"
NO_BOARDS = ("resources", "extensions", "test")
"""What else is in there."""
ENTRY_POINT = re.compile(r"([A-Za-z_][\w.]*):([A-Za-z_]\w*)")

PlatformClass = type[TemplatedPlatform]


@cache
def module_names() -> tuple[str, ...]:
    """Modules of amaranth-boards, one or more boards each; none of them is imported."""
    package = importlib.import_module(PACKAGE)
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(name for name in found if name not in NO_BOARDS)


def find_class(name: str, *, first: bool = False) -> PlatformClass | None:
    """The platform of that module or class in amaranth-boards; None where there is none.

    With `first` it is the first one where a module describes several boards and none is the plain one.

    Raises
    ------
    EngramError
        If there are such several boards, without `first`.
    """
    if name in module_names():
        return _plain(name, list(_classes(_module(name))), first)
    if not name.isidentifier():  # no class has such a name, and to look costs an import of all modules
        return None
    return next((found for found in every() if found.__name__ == name), None)


@cache
def every() -> tuple[PlatformClass, ...]:
    """Every platform of amaranth-boards."""
    return tuple(found for name in module_names() for found in _classes(_module(name)))


def listed() -> tuple[PlatformClass, ...]:
    """Those whose family is one of ours by the tools of their vendor."""
    return tuple(found for found in every() if family_of(found) is not None)


def family_of(platform: PlatformClass) -> Family | None:
    """Name of the family whose platforms have the same base class in Amaranth; None where there is none."""
    bases = {base.__name__ for base in platform.__mro__}
    return next((name for name, family in FAMILIES.items() if family.vendor in bases), None)


def import_class(source: str) -> PlatformClass:
    """A platform of the user's own by ``package.module:Class``; the current folder is searched too.

    Raises
    ------
    EngramError
        If it cannot be imported, or is no platform.
    """
    named = ENTRY_POINT.fullmatch(source)
    if not named:
        raise EngramError(f"a platform of your own must read package.module:Class, got {source!r}")
    sys.path.insert(0, "")
    try:
        found = getattr(importlib.import_module(named[1]), named[2])
    except Exception as error:  # whatever the user's code raises
        said = " ".join(str(error).split())
        advice = _import_advice(named[1], named[2])
        raise EngramError(
            f"cannot take platform {source}: {type(error).__name__}: {said}; {advice}"
        ) from None
    finally:
        sys.path.remove("")
    if not (inspect.isclass(found) and issubclass(found, TemplatedPlatform)):
        raise EngramError(
            f"{source} must be a class of a platform of Amaranth, got {found!r}; derive it from one of "
            "amaranth.vendor"
        )
    return found


def _import_advice(module: str, name: str) -> str:
    """What to do about a class that cannot be taken from its module."""
    if module in sys.modules:
        there = ", ".join(sorted(found.__name__ for found in _classes(sys.modules[module])))
        return f"its platforms are: {there}" if there else f"the module must have a platform named {name}"
    return f"{module} must be a module that Python can import from the current folder or has installed"


def made(platform: PlatformClass) -> TemplatedPlatform:
    """An instance; raises EngramError where the class refuses its own description."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names that Amaranth is going to drop
            return platform()
    except Exception as error:  # a class may raise anything
        said = " ".join(str(error).split())
        raise EngramError(f"{platform.__name__} describes no board: {said}") from None


def _module(name: str) -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(f"{PACKAGE}.{name}")


def _classes(module: ModuleType) -> Iterator[PlatformClass]:
    for found in vars(module).values():
        own = inspect.isclass(found) and found.__module__ == module.__name__
        if own and issubclass(found, TemplatedPlatform) and not inspect.isabstract(found):
            yield found


def _plain(name: str, classes: list[PlatformClass], first: bool) -> PlatformClass | None:
    """The board that a module is named after: the only one, or the one whose name begins all others'."""
    found = sorted(classes, key=lambda each: len(each.__name__))
    if not found:
        return None
    stem = found[0].__name__.removesuffix("Platform")
    if not all(each.__name__.startswith(stem) for each in found):
        if first:
            return classes[0]
        known = ", ".join(sorted(each.__name__ for each in found))
        raise EngramError(f"{name} describes several boards, choose one: {known}")
    return found[0]
