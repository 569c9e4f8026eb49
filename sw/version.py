"""The version that bundles record and ``engram --version`` shows."""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["engram_version"]


def engram_version() -> str:
    """Version of the installed package, or of this source tree when it is not installed."""
    try:
        return version("engram-rram")
    except PackageNotFoundError:
        return "0.1.0+source"
