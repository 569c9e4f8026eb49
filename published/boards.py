"""``python -m published boards``: bundles built for every known board, and a line for each board."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from published.again import commit_of, measured, uncommitted
from published.book import ROOT, Entry, Figure, read_book, toml_value, write_book
from published.layout import BOARDS, Block, read_boards, read_layout
from published.pages import write_pages
from sw.console import JsonOption, answer, print_json, reports_errors, terminal
from sw.errors import EngramError
from sw.files import write_atomically

if TYPE_CHECKING:
    from hw.boards.catalogue import Entry as Known

__all__ = ["BUNDLES", "boards"]

BUNDLES = ("digits", "mnist-up5k")
"""Of the zoo; four columns each."""
SEED = 1
"""Of place and route, that of ``engram build`` too."""
FIGURES = {
    key: Figure(unit=unit, values=(0,), **{"from": source})
    for key, unit, source in (
        ("luts", "", "luts"),
        ("luts_available", "", "luts_available"),
        ("brams", "", "brams"),
        ("brams_available", "", "brams_available"),
        ("sprams", "", "sprams"),
        ("fmax", "MHz", "fmax_mhz"),
        ("clock", "MHz", "target_mhz"),
        ("cycles", "", "cycles_per_image"),
    )
}
"""Of a build; their values are replaced."""
CELLS = (
    "{<N>.luts} of {<N>.luts_available}",
    "{<N>.brams} of {<N>.brams_available}",
    "{<N>.fmax:.1f} ({<N>.clock:g})",
    "{<N>.cycles}",
)
PAGE = "docs/boards.md"
TEXT = """\
| board | part | digits: LUT | block RAM | Fmax (clock), MHz | cycles per image | MNIST: LUT | block RAM \
| Fmax (clock), MHz | cycles per image |
|---|---|---|---|---|---|---|---|---|---|"""
ROW = "| `<NAME>` | <PART> | <DIGITS> | <MNIST-UP5K> |"
HEADER = "# The table of boards, of docs/boards.md. `python -m published boards --write` writes this file.\n"


class Outcome(NamedTuple):
    """What came of a bundle on a board: the name of the entry, its figures, or why there are none."""

    name: str
    entry: Entry | None
    reason: str = ""


@reports_errors
def boards(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Of boards as 'engram boards' lists them. Left out, all."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=2, help="Builds at a time.")] = 1,
    write: Annotated[
        bool, typer.Option("--write", help="Put the outcomes into docs/results.toml and docs/boards.md.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Build digits and MNIST for every known board, and say in a line for each what came of it.

    Only what the estimator finds to fit is built. Answers are kept in runs/published: the same command goes
    on after an interruption, and builds nothing again that is of the same source. A board without bitstream
    gets the reason. Nothing is written without --write.
    """
    from hw.boards.catalogue import catalogue

    if write and (changed := uncommitted(ROOT)):
        raise EngramError(f"--write names a commit, so the source must be committed; changed: {changed}")
    with terminal.waiting("reading the descriptions of boards"):
        everything = {known.name: known for known in catalogue()}
    if unknown := set(names or ()) - set(everything):
        raise EngramError(f"no board has the name {min(unknown)!r}; 'engram boards' lists all")
    chosen = [known for name, known in everything.items() if not names or name in names]
    reasons = {bundle: _reasons(bundle, chosen) for bundle in BUNDLES}
    tasks = [(known, bundle) for known in chosen for bundle in BUNDLES]
    found: dict[str, dict[str, Outcome]] = {known.name: {} for known in chosen}
    with terminal.stage("builds", len(tasks)) as stage, ThreadPoolExecutor(jobs) as pool:

        def run(task: tuple["Known", str]) -> Outcome:
            known, bundle = task
            stage.note(f"{known.name} {bundle}")
            outcome = _outcome(known, bundle, reasons[bundle].get(known.name, ""))
            stage.done(1)
            return outcome

        for (known, bundle), outcome in zip(tasks, pool.map(run, tasks), strict=True):
            found[known.name][bundle] = outcome
            if write and bundle == BUNDLES[-1]:  # after each board, so that an interruption loses none
                _keep(known, found[known.name], list(everything))
    if write:
        write_pages(read_book(ROOT), read_layout(ROOT), terminal, ROOT)
    if json:
        print_json({"boards": [_said(known, found[known.name]) for known in chosen]})
        return
    for known in chosen:
        for bundle, outcome in found[known.name].items():
            line = f"{known.name}, {bundle}: {_in_words(outcome)}"
            answer.print(line, markup=False, highlight=False, soft_wrap=True)


def _reasons(bundle: str, chosen: Sequence["Known"]) -> dict[str, str]:
    """By board, why a bundle cannot be built for it, where that is known beforehand."""
    from hw.sizing.front_end_choice import Variant, boards_that_hold, configured
    from sw.bundle import open_bundle

    opened = open_bundle(f"zoo:{bundle}")
    reasons = {known.name: known.reason for known in chosen if known.board is None}
    there = [known for known in chosen if known.board is not None]
    fitting = boards_that_hold(opened, [known.board for known in there if known.board])
    for known, fits in zip(there, fitting, strict=True):
        if not fits and known.board:
            try:
                configured(opened, known.board, None, Variant.auto, "auto")
            except EngramError as error:
                reasons[known.name] = str(error)
    return {name: reason.partition(";")[0] for name, reason in reasons.items()}


def _outcome(known: "Known", bundle: str, reason: str) -> Outcome:
    name = f"{bundle}-on.{known.name.lower()}"
    if reason:
        return Outcome(name, None, reason)
    uart = f" --uart {known.uart}" if known.uart else ""
    entry = Entry(
        command=f"engram build zoo:{bundle} --board {known.name}{uart}",
        seeds=(SEED,),
        commit=commit_of(ROOT),
        date=date.today(),
        processor="-",
        figures=FIGURES,
    )
    try:
        return Outcome(name, measured(name, entry, terminal, ROOT, of_builds=True))
    except EngramError as error:
        return Outcome(name, None, str(error).partition(";")[0])


def _keep(known: "Known", outcomes: Mapping[str, Outcome], order: Sequence[str]) -> None:
    """Write the entries of a board, and its line in the table."""
    book = read_book(ROOT)
    line = {"NAME": known.name, "PART": known.board.device if known.board else "-"}
    for bundle, outcome in outcomes.items():
        if outcome.entry is not None:
            book = book.with_entry(outcome.name, outcome.entry)
        line[bundle.upper()] = _cells(outcome)
    write_book(book, ROOT)
    before = read_boards(ROOT)
    lines = {each["NAME"]: each for each in (before.each if before else ())} | {known.name: line}
    each = tuple(lines[name] for name in order if name in lines)
    write_atomically(ROOT / BOARDS, _as_toml(Block(page=PAGE, text=TEXT, row=ROW, each=each)).encode())


def _cells(outcome: Outcome) -> str:
    """Four columns with placeholders; a reason is what a command said, so it stands as code."""
    if outcome.entry is None:
        reason = outcome.reason.replace("|", "/").replace("`", "'")
        return f"`{reason}` | - | - | -"
    cells = " | ".join(CELLS)
    if outcome.entry.figures["sprams"].values[0]:
        cells = cells.replace("brams_available}", "brams_available}, {<N>.sprams} SPRAM")
    return cells.replace("<N>", outcome.name)


def _as_toml(block: Block) -> str:
    """The text of the file, a line for each board."""
    lines = [
        "  { " + ", ".join(f"{key} = {toml_value(word)}" for key, word in words.items()) + " },"
        for words in block.each
    ]
    head = [f"{key} = {toml_value(getattr(block, key))}" for key in ("page", "text", "row")]
    return "\n".join([HEADER.rstrip(), "", *head, "each = [", *lines, "]", ""])


def _said(known: "Known", outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """What JSON has of a board."""
    said: dict[str, Any] = {"name": known.name, "part": known.board.device if known.board else None}
    for bundle, outcome in outcomes.items():
        figures = outcome.entry.figures if outcome.entry else {}
        values = {key: figure.values[0] for key, figure in figures.items()}
        said[bundle] = values or {"reason": outcome.reason}
    return said


def _in_words(outcome: Outcome) -> str:
    if outcome.entry is None:
        return outcome.reason
    of = {key: figure.values[0] for key, figure in outcome.entry.figures.items()}
    met = "" if of["fmax"] >= of["clock"] else ", timing NOT MET"
    return (
        f"{of['luts']:,} of {of['luts_available']:,} LUT, "
        f"{of['brams']} of {of['brams_available']} block RAM, "
        f"{of['fmax']:.1f} ({of['clock']:g}) MHz{met}, {of['cycles']:,} cycles"
    )
