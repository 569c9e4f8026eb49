"""Versions that bundles record and ``engram --version`` shows."""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["engram_version", "versions_with"]


def engram_version() -> str:
    """Version of the installed package, or of this source tree when it is not installed."""
    try:
        return version("engram-rram")
    except PackageNotFoundError:
        return "0.1.0+source"


def versions_with(*libraries: str) -> dict[str, str]:
    """Versions of Engram and of the libraries that a computation depends on; nothing of them is imported.

    A library that is not installed is left out: the computation then did without.
    """
    found = {"engram": engram_version()}
    for library in libraries:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found
