"""README and docs say what the book says; every way in which they could not is found."""

import shutil
from pathlib import Path

import pytest

from published.book import ROOT, read_book
from published.layout import Block, Layout, Sentence, read_layout
from published.pages import complaints, rendered
from sw.errors import EngramError

BOOK, LAYOUT = read_book(), read_layout()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """README and docs alone."""
    for folder in ("docs", "sw/zoo"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.engram", "*.png"))
    shutil.copy(ROOT / "README.md", tmp_path)
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_readme_and_docs_say_what_the_book_says():
    """Where this fails: python -m published fill."""
    assert complaints(BOOK, LAYOUT) == []


def test_what_is_rendered_stays_when_it_is_rendered_again(copy):
    change(copy / "README.md", "<!-- results: zoo -->\n", "<!-- results: zoo -->\nsomething else\n")
    once = rendered(BOOK, LAYOUT, copy)
    for page, text in once.items():
        (copy / page).write_text(text, encoding="utf-8")
    assert rendered(BOOK, LAYOUT, copy) == once
    assert complaints(BOOK, LAYOUT, copy) == []


@pytest.mark.parametrize(
    ("page", "figure"),
    [
        ("README.md", BOOK.entry("evaluate.mnist-97nj").figures["ideal"]),
        ("README.md", BOOK.entry("demo.digits").figures["quantised"]),
        ("docs/training.md", BOOK.entry("train.mnist-up5k").figures["test"]),
        ("docs/devices.md", BOOK.entry("windows.mnist-up5k").figures["test"]),
        ("docs/hardware.md", BOOK.entry("build.icebreaker-folded").figures["fmax"]),
    ],
)
def test_a_figure_changed_by_hand_is_found(copy, page, figure):
    value = figure.values[0]
    there = f"{value:.2f}" if figure.unit == "%" else f"{value:.1f}"
    change(copy / page, there, f"{value + 0.1:.2f}" if figure.unit == "%" else f"{value + 0.1:.1f}")
    (found,) = complaints(BOOK, LAYOUT, copy)
    assert found.startswith(f"{page} differs from docs/results.toml in line ")


@pytest.mark.parametrize(
    "planted",
    ["| digits | 97.5 |\n", "| digits | 97 % |\n", "| digits | 12,345 |\n", "It reaches 97.50 % there.\n"],
)
def test_a_figure_that_no_entry_is_behind_is_found(copy, planted):
    text = (copy / "docs/adding.md").read_text(encoding="utf-8")
    (copy / "docs/adding.md").write_text(f"{text}\n{planted}", encoding="utf-8")
    (found,) = complaints(BOOK, LAYOUT, copy)
    assert found == f"docs/adding.md has a figure that docs/results.toml has not: {planted.strip()}"
    marked = f"{text}\n<!-- not measured here: an example -->\n{planted}"
    (copy / "docs/adding.md").write_text(marked, encoding="utf-8")
    assert complaints(BOOK, LAYOUT, copy) == []


def test_a_figure_that_is_typed_into_the_layout_is_found(copy):
    zoo = LAYOUT.tables["zoo"]
    typed = zoo.model_copy(update={"row": zoo.row.replace("{evaluate.<NAME>.ideal}", "99.99 %")})
    layout = LAYOUT.model_copy(update={"tables": {**LAYOUT.tables, "zoo": typed}})
    assert "docs/tables.toml: zoo has a figure that no entry is behind" in complaints(BOOK, layout, copy)[-1]


def test_a_missing_entry_is_found(copy):
    book = BOOK.model_copy(update={"root": {k: v for k, v in BOOK.root.items() if k != "simulate"}})
    with pytest.raises(EngramError, match=r"must have an entry simulate\.mnist-up5k"):
        complaints(book, LAYOUT, copy)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<!-- results: zoo -->", "<!-- results: zooo -->", "must have a table zooo"),
        ("<!-- results: zoo -->\n", "", "README.md must have the lines <!-- results: zoo -->"),
        ("<!-- /results -->", "", "the block demo must end with a line"),
    ],
)
def test_markers_that_do_not_fit_are_one_line(copy, old, new, said):
    change(copy / "README.md", old, new)
    with pytest.raises(EngramError) as refusal:
        rendered(BOOK, LAYOUT, copy)
    assert said in str(refusal.value)


def test_a_sentence_keeps_its_line_breaks_and_takes_new_figures(copy):
    sentence = Sentence(
        page="docs/x.md", text="reaches {demo.digits.luts} cells, {demo.digits.quantised} of it"
    )
    layout = LAYOUT.model_copy(update={"sentences": (*LAYOUT.sentences, sentence)})
    luts, share = sentence.figures(BOOK)
    (copy / "docs/x.md").write_text(f"It reaches 1\ncells,\n{share} of it.\n", encoding="utf-8")
    right = rendered(BOOK, layout, copy)["docs/x.md"]
    assert right == f"It reaches {luts}\ncells,\n{share} of it.\n"
    (copy / "docs/x.md").write_text("It reaches nothing.\n", encoding="utf-8")
    with pytest.raises(EngramError, match=r"docs/x.md must say .* once, it does 0 times"):
        rendered(BOOK, layout, copy)


@pytest.mark.parametrize("stop", [".", ","])
def test_a_sentence_may_end_behind_a_figure(copy, stop):
    sentence = Sentence(page="docs/x.md", text=f"reaches {{demo.digits.quantised}}{stop}")
    layout = LAYOUT.model_copy(update={"sentences": (*LAYOUT.sentences, sentence)})
    (share,) = sentence.figures(BOOK)
    (copy / "docs/x.md").write_text(f"It reaches 1{stop}25 %{stop} It stays.\n", encoding="utf-8")
    assert rendered(BOOK, layout, copy)["docs/x.md"] == f"It reaches {share}{stop} It stays.\n"


def test_pages_that_do_not_exist_are_named(copy):
    layout = Layout(tables={"x": Block(page="docs/none.md")})
    with pytest.raises(EngramError, match=r"name pages that exist, docs/none\.md does not"):
        rendered(BOOK, layout, copy)


def test_sentences_have_words_around_their_figures(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/tables.toml").write_text('[[sentences]]\npage = "README.md"\ntext = "it is {a.b.c}"\n')
    with pytest.raises(EngramError, match=r"docs/tables\.toml: sentences\.0: a sentence must have words"):
        read_layout(tmp_path)
