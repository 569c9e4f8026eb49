"""Replacements of what an encoding lacks."""

import unicodedata

import pytest

from sw.shell.readable import readable

BOXES = [character for character in map(chr, range(0x2500, 0x2580)) if unicodedata.name(character)]


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("3 × 4 µm …", "ascii", "3 x 4 um ..."),
        ("3 × 4 µm …", "iso8859-1", "3 × 4 µm ..."),
        ("3 × 4 µm …", "cp1252", "3 × 4 µm …"),
        ("3 × 4 µm …", "utf-8", "3 × 4 µm …"),
        ("┏━┓┃┡╇│└┴┘╭╮", "iso8859-1", "+-+|++|+++++"),
        ("█▁█ mm² ±1 ≤ 2", "ascii", "#_# mm2 +/-1 <= 2"),
        ("“Größe” – Ω", "ascii", '"Gr\\xf6\\xdfe" - Ohm'),
        ("/tmp/\udcfc.engram", "utf-8", "/tmp/\\xfc.engram"),
        ("猫 🐈", "cp1252", "\\u732b \\U0001f408"),
    ],
)
def test_what_is_lacking_reads_well_and_the_rest_stays(text, encoding, shown):
    assert readable(text, encoding) == shown


def test_every_box_character_becomes_one_character():
    shown = readable("".join(BOXES), "ascii")
    assert len(shown) == len(BOXES)
    assert set(shown) == set("+-|")


def test_a_text_that_cannot_be_read_is_no_matter_of_writing():
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", "engram.readable")
