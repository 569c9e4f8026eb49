"""The bundle: what software hands to hardware, one file ``*.engram``."""

from sw.bundle.bundle import Bundle
from sw.bundle.file import load, open_bundle, save, zoo_names

__all__ = ["Bundle", "load", "open_bundle", "save", "zoo_names"]
