"""Text of the user: TOML is read, or refused in one line that says what to do."""

import pytest

from sw.errors import EngramError
from sw.texts import read_toml


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\n\r\n"])
def test_toml_is_read(tmp_path, coding, end):
    path = tmp_path / "x.toml"
    path.write_bytes(f'a = 1{end}[b]{end}c = "\u00b5"{end}'.encode(coding))
    assert read_toml(path) == {"a": 1, "b": {"c": "\u00b5"}}


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("a = 5,02", "a number has a decimal point, no comma"),
        ("a = 5.02D-06", "the exponent is written with an e"),
        ("a = .5", "write a digit before the point"),
        ("a = 5.", "write a digit behind the point"),
        ("a = 5e-6 S", "write the number without its unit"),
        ("a = 5 \u00b5S", "write the number without its unit"),
        ("a: 5", "write key = value"),
        ("a = \u201cfive\u201d", "quotes are straight ones"),
        ("a = True", "write true or false in small letters"),
        ("a = five", "put text in quotes"),
        ("// five", "comments begin with #"),
    ],
)
def test_the_line_that_is_no_toml_is_named_with_what_to_do(tmp_path, line, hint):
    path = tmp_path / "x.toml"
    path.write_text(f"b = 1\n{line}\nc = 2\n", encoding="utf-8")
    with pytest.raises(EngramError) as refusal:
        read_toml(path)
    said = str(refusal.value)
    assert (
        said.startswith(f"{path} must be a TOML file: ") and "line 2" in said and said.endswith(f"; {hint}")
    )


def test_toml_in_another_encoding_is_refused_with_the_line(tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes('a = 1\nb = "\u00b5"\n'.encode("cp1252"))
    with pytest.raises(EngramError) as refusal:
        read_toml(path)
    assert str(refusal.value) == (
        f"{path} must be a TOML file in UTF-8, line 2 has byte 0xb5 of another encoding such as cp1252; "
        "save it as UTF-8"
    )


@pytest.mark.parametrize("content", [b"a = [", b"\xff\xfe", b"a = " + 9_999 * b"["])
def test_what_is_no_toml_is_one_line(tmp_path, content):
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(EngramError) as refusal:
        read_toml(path)
    assert str(refusal.value).startswith(f"{path} must be a TOML file")
    assert "\n" not in str(refusal.value)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(EngramError) as refusal:
        read_toml(tmp_path)
    assert str(refusal.value) == f"cannot read {tmp_path}: Is a directory"
