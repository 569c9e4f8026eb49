"""Files that appear whole or not at all, the folders for them, and TOML files of the user."""

import codecs
import glob
import os
import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

from sw.errors import EngramError
from sw.system.locks import open_in_use, remove_abandoned

__all__ = ["make_folder", "read_toml", "text_of", "write_atomically"]

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


def write_atomically(path: Path, data: bytes, *, sync: bool = False) -> None:
    """Write `data` to a temporary neighbour and rename it; raises EngramError when that fails.

    With `sync` the data are on the disk before the name is: a power cut leaves the old file or the new one.
    """
    if not path.name:
        raise EngramError(f"cannot write {path}: that is a folder; give a file name")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path.parent, f".{glob.escape(path.name)}.*.tmp")
        with os.fdopen(open_in_use(temporary), "wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise EngramError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):  # after a rename it is gone; in a folder that is none it never was
            temporary.unlink()


def make_folder(folder: Path) -> None:
    """Make a folder with its parents, unless it exists; raises EngramError where no file could be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngramError(f"cannot make the folder {folder}: {error.strerror or error}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EngramError(f"cannot write into {folder}: permission denied; give another folder")


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
