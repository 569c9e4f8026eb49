"""RTLIL of a component, which Yosys reads as it is, with names that it keeps apart."""

import re
from typing import Any

from amaranth.back import rtlil

__all__ = ["to_rtlil"]

INDEXED_NAME = re.compile(r"(?<=\s)\\\S*\[\S*")
"""A name with an index in it; a slice stands behind a space."""


def to_rtlil(component: Any, name: str) -> str:
    r"""Convert `component` to a module called `name`, reproducibly.

    Amaranth calls the first field of an array ``\payload[0]`` beside the array ``\payload``. ABC9 in Yosys
    0.65 to 0.70 gives bit 0 of the array that same name, then ends without a word or, in its log, with an
    assertion. So fields are called ``\payload.0``, as those of structures are.

    Places in source files are left out: with them, equal designs would give other text from another folder.
    """
    text = rtlil.convert(component, name=name, emit_src=False)
    return INDEXED_NAME.sub(lambda match: match[0].replace("[", ".").replace("]", ""), text)
