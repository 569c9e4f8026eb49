"""Text files of the user: UTF-8, and TOML with a hint about what people write instead."""

import codecs
import re
import tomllib
from pathlib import Path
from typing import Any

from sw.errors import EngramError

__all__ = ["read_toml", "text_of"]

WIDE_BYTES = 64
"""Of a file without byte order mark, among which UTF-16 has zeros."""
TOML_HINTS = {
    r"^\s*(//|;|%|--)": "comments begin with #",
    "[\u201c\u201d\u201e\u2018\u2019]": "quotes are straight ones",
    r"^\s*[\w-]+\s*:": "write key = value",
    r"=\s*[-+]?\d+,\d": "a number has a decimal point, no comma",
    r"\d[dD][-+]?\d": "the exponent is written with an e",
    r"[=\[,]\s*[-+]?\.\d": "write a digit before the point",
    r"=\s*[-+]?\d+\.(\D|$)": "write a digit behind the point",
    r"=\s*[-+]?[\d.]+([eE][-+]?\d+)?\s*[^\W\d]": "write the number without its unit",
    r"=\s*(True|False|TRUE|FALSE|yes|no)\b": "write true or false in small letters",
    r"=\s*[^\W\d]": "put text in quotes",
}
"""What to do about a line that TOML does not have, by what it looks like; the first that fits."""


def text_of(content: bytes, path: Path, what: str) -> str:
    """Text of a file in UTF-8, without a byte order mark.

    Parameters
    ----------
    content
        Of the file at `path`, which messages name.
    what
        What it must be, such as "a TOML file".

    Raises
    ------
    EngramError
        If it is in another encoding.
    """
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # as that of UTF-32 LE does
    if wide or b"\0" in content[:WIDE_BYTES]:
        raise EngramError(f"{path} must be {what} in UTF-8, it is in UTF-16 or is no text; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise EngramError(
            f"{path} must be {what} in UTF-8, line {line} has byte 0x{content[error.start]:02x} of another "
            "encoding such as cp1252; save it as UTF-8"
        ) from None


def read_toml(path: Path) -> dict[str, Any]:
    """Content of a TOML file; raises EngramError if it cannot be read or is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EngramError(f"cannot read {path}: {error.strerror}") from None
    text = text_of(content, path, "a TOML file")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        hint = _toml_hint(str(error), text)
        raise EngramError(f"{path} must be a TOML file: {error}" + (f"; {hint}" if hint else "")) from None


def _toml_hint(complaint: str, text: str) -> str:
    """What to do about the line of a complaint; empty where nothing fits."""
    place = re.search(r"at line (\d+)", complaint)
    lines = text.splitlines()
    line = lines[int(place[1]) - 1] if place and int(place[1]) <= len(lines) else ""
    return next((hint for pattern, hint in TOML_HINTS.items() if re.search(pattern, line)), "")
