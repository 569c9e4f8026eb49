"""The book of figures: what is written is read again, and what is wrong is one line."""

from pathlib import Path

import pytest

from published.book import BOOK, ROOT, Book, as_toml, read_book, write_book
from sw.errors import EngramError

ENTRY = """\
[train.tiny]
command = "engram train --seed N"
seeds = [0, 1, 2]
commit = "0123456789"
date = 2026-11-29
processor = "a \\"quick\\" one"

[train.tiny.figures]
test = { unit = "%", values = [98.5, 99.0, 98.0], from = "accuracy.ideal" }
"""


def written(root: Path, text: str) -> Path:
    (root / BOOK).parent.mkdir()
    (root / BOOK).write_text(text, encoding="utf-8")
    return root


def test_the_book_of_this_checkout_is_in_its_only_form():
    assert as_toml(read_book()) == (ROOT / BOOK).read_text(encoding="utf-8")


def test_a_written_book_is_read_again(tmp_path):
    book = read_book(written(tmp_path, ENTRY))
    write_book(book, tmp_path)
    assert read_book(tmp_path) == book
    assert ENTRY in (tmp_path / BOOK).read_text(encoding="utf-8")
    entry = book.entry("train.tiny")
    assert (entry.line(2), entry.measurable) == ("engram train --seed 2", True)
    assert list(book.with_entry("train.other", entry).entries()) == ["train.tiny", "train.other"]
    assert list(book.with_entry("train.tiny", entry).entries()) == ["train.tiny"]


def test_the_seed_also_stands_in_names_of_files(tmp_path):
    """What is measured once for every speaker: the seed is the one left out; an N within a word is none."""
    line = "engram data audio NOTES.npz --leave-out N -o without-N.npz && engram train --data without-N.npz"
    entry = read_book(written(tmp_path, ENTRY.replace("engram train --seed N", line))).entry("train.tiny")
    assert entry.line(4) == (
        "engram data audio NOTES.npz --leave-out 4 -o without-4.npz && engram train --data without-4.npz"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[98.5, 99.0, 98.0]", "[98.5, 99.0]", "figure test must have one value for each of 3 seeds, got 2"),
        ("seeds = [0, 1, 2]", "seeds = [0, 1, 1]", "seeds must differ"),
        ("seeds = [0, 1, 2]", "seeds = []", "docs/results.toml: train.tiny.seeds"),
        ("seeds = [0, 1, 2]", "seeds = [0, 1, 2]\nby_seed = false", "ascending order"),
        ("2026-11-29", "yesterday", "docs/results.toml must be TOML in UTF-8"),
        ('"0123456789"', '"main"', "docs/results.toml: train.tiny.commit"),
        ("from =", "form =", "docs/results.toml: train.tiny.figures.test.form"),
        ('processor = "a', 'machine = "a', "docs/results.toml: train.tiny.processor: Field required"),
        ("[train.tiny.figures]", "[train.tiny.figures]\nodd = { values = [1, 2, 3] }", "split them"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, old, new, said):
    assert old in ENTRY
    with pytest.raises(EngramError) as refusal:
        read_book(written(tmp_path, ENTRY.replace(old, new)))
    assert said in str(refusal.value).replace(f"{tmp_path}/", "")
    assert "\n" not in str(refusal.value)


def test_no_book_is_one_line(tmp_path):
    with pytest.raises(EngramError, match=r"cannot read .*results.toml: No such file"):
        read_book(tmp_path)


@pytest.mark.parametrize(
    ("name", "said"), [("train.x", "known: train.tiny"), ("x.y", "known: train"), ("train", "train.tiny")]
)
def test_unknown_entries_name_the_known_ones(tmp_path, name, said):
    with pytest.raises(EngramError, match=said):
        read_book(written(tmp_path, ENTRY)).entry(name)


def test_names_of_entries_have_two_parts():
    with pytest.raises(EngramError, match=r"KIND\.SUBJECT"):
        Book({}).with_entry("train", read_book().entry("demo.digits"))
