"""What a terminal cannot show, in characters that every terminal can: ``+`` for a corner, ``x`` for times.

Symbols have replacements that read well. Letters have none: a name with another letter in place of one would
be another name, so they become the escapes that Python itself writes on standard error.
"""

import codecs
import unicodedata

__all__ = ["ERRORS", "readable"]

ERRORS = "engram.readable"
"""Name of the error handler, as ``errors=`` of a stream takes it."""
SAME_WIDTH = str.maketrans(
    "‘’‚“”„«»–—−‐‑×÷·•µμ√→←↑↓★✓✗▁▂▃▄▅▆▇█",
    "''," + '"""""' + "-----x/.*uuv><^v*vx_.:-=+*#",
)
"""One character for one, so that columns stay where they are."""
LONGER = {
    "…": "...",
    "≈": "~=",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "±": "+/-",
    "⇒": "=>",
    "°": "deg",
    "Ω": "Ohm",
}
BYTES = range(0xDC80, 0xDD00)
"""How Python holds the bytes from 0x80 on of a file's name that is not of the system's encoding."""
BOXES = range(0x2500, 0x2580)
"""Unicode's box drawing."""


def readable(text: str, encoding: str) -> str:
    """The text with everything replaced that the encoding does not have.

    >>> readable("a × b …", "ascii")
    'a x b ...'
    """
    return text.encode(encoding, ERRORS).decode(encoding)


def _instead(character: str) -> str:
    """ASCII for one character."""
    if ord(character) in BOXES:
        name = unicodedata.name(character)
        parts = (
            {"HORIZONTAL", "LEFT", "RIGHT"} & set(name.split()),
            {"VERTICAL", "UP", "DOWN"} & set(name.split()),
        )
        return "+" if all(parts) else "-" if parts[0] else "|"
    found = character.translate(SAME_WIDTH)
    if found != character:
        return found
    if character in LONGER:
        return LONGER[character]
    if unicodedata.category(character)[0] == "L":
        return _escape(character)
    plain = unicodedata.normalize("NFKD", character)
    return plain if plain.isascii() else _escape(character)  # a superscript two is a two


def _escape(character: str) -> str:
    if ord(character) in BYTES:
        return f"\\x{ord(character) - BYTES.start + 0x80:02x}"
    return character.encode("ascii", "backslashreplace").decode("ascii")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """What :func:`codecs.register_error` asks for: the replacement, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(map(_instead, wrong)), error.end


codecs.register_error(ERRORS, _replaced)
