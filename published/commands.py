"""Commands of ``python -m published``."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from published.again import SHORT_S, commit_of, found_in, measured, processor, uncommitted
from published.book import ROOT, Book, Entry, Figure, read_book, write_book
from published.layout import read_layout
from published.pages import complaints, write_pages
from published.placeholders import filled
from sw.console import JsonOption, answer, messages, print_json, reports_errors, terminal
from sw.durations import written_duration
from sw.errors import EngramError
from sw.validation import validated

__all__ = ["again", "check", "fill", "take"]

TRAINED = {
    "validation": Figure(unit="%", values=(0,), **{"from": "validation.ideal"}),
    "test": Figure(unit="%", values=(0,), **{"from": "accuracy.ideal"}),
    "macs_nonzero": Figure(values=(0,), **{"from": "macs_nonzero"}),
    "storage": Figure(unit="bit", values=(0,), **{"from": "storage_bits"}),
    "paper": Figure(unit="nJ", values=(0,), **{"from": "energy_nj.paper"}),
    "full": Figure(unit="nJ", values=(0,), **{"from": "energy_nj.full"}),
}
"""Figures of a training that has no entry yet; their values are replaced."""


@reports_errors
def again(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="Entries such as evaluate.digits, or a kind such as evaluate. Left out, all that are known "
            "to take less than ten minutes; the others are listed with their time.",
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Put the new figures into docs/results.toml and the pages.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Run the commands behind published figures again, and print old, new and difference.

    Answers are kept in runs/published, so that the same command goes on after an interruption, and takes
    nothing again that is of the same source. Nothing is written without --write. Other processors train other
    students: a difference is no fault by itself, and the exit code stays 0.
    """
    book = read_book(ROOT)
    chosen = _chosen(book, names)
    if write and (changed := uncommitted(ROOT)):
        raise EngramError(f"--write names a commit, so the source must be committed; changed: {changed}")
    known = [entry.seconds for entry in chosen.values() if entry.seconds is not None]
    terminal.say(
        f"{len(chosen)} entries; {len(known)} of them took {written_duration(sum(known))} together last time"
    )
    rows: list[dict[str, Any]] = []
    for number, (name, entry) in enumerate(chosen.items(), 1):
        terminal.say(f"{number} of {len(chosen)}: {name}, about {_time(entry)}")
        new = measured(name, entry, terminal, ROOT)
        rows += _rows(name, entry, new)
        if write:
            book = book.with_entry(name, new)
            write_book(book, ROOT)  # after each one, so that an interruption loses none
    if write:
        write_pages(book, read_layout(ROOT), terminal, ROOT)
    if json:
        print_json({"figures": rows})
    else:
        _print_rows(rows)


@reports_errors
def fill() -> None:
    """Write the tables and sentences of README and docs from docs/results.toml."""
    write_pages(read_book(ROOT), read_layout(ROOT), terminal, ROOT)


@reports_errors
def check() -> None:
    """Say where README and docs differ from docs/results.toml; the exit code is 1 if they do."""
    found = complaints(read_book(ROOT), read_layout(ROOT), ROOT)
    for line in found:
        messages.print(line, soft_wrap=True, highlight=False, markup=False)
    if found:
        raise typer.Exit(1)


@reports_errors
def take(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the entry, such as train.mnist-97nj.")],
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Folders of finished runs that differ in the seed.")
    ],
) -> None:
    """Put finished trainings into docs/results.toml as one entry, and write the pages.

    An entry of that name gives the figures to take; a new one gets accuracies, size and energy. The commit
    that it names is the one that is checked out, so take them before going on.
    """
    from sw.training.run.result import read_result
    from sw.training.table.gains import Facts, grouped

    book = read_book(ROOT)
    results = sorted((read_result(run) | {"source": str(run)} for run in runs), key=lambda each: each["seed"])
    facts = [validated(Facts, each, each["source"]) for each in results]
    if len(grouped(facts, join_seeds=True)) != 1 or len({each.seed for each in facts}) != len(facts):
        raise EngramError("runs of one entry must differ in the seed, and in nothing else; leave others out")
    figures = book.entries()[name].figures if name in book.entries() else TRAINED
    machines = {processor(each.machine) for each in facts if each.machine}
    entry = Entry(
        command=facts[0].command.replace(f"--seed {facts[0].seed}", "--seed N"),
        seeds=tuple(each.seed for each in facts),
        commit=commit_of(ROOT),
        date=date.today(),
        processor=" and ".join(sorted(machines)),
        seconds=round(sum(each.seconds or 0.0 for each in facts), 1),
        figures={
            key: figure.model_copy(update={"values": tuple(found_in(each, figure, name) for each in results)})
            for key, figure in figures.items()
        },
    )
    book = book.with_entry(name, entry)
    write_book(book, ROOT)
    write_pages(book, read_layout(ROOT), terminal, ROOT)
    terminal.say(f"{name}: {len(facts)} seeds taken")


def _chosen(book: Book, names: list[str] | None) -> dict[str, Entry]:
    entries = book.entries()
    if not names:
        slow = {name: each for name, each in entries.items() if each.measurable and not _short(each)}
        for name, each in slow.items():
            terminal.say(f"left out: {name} takes {_time(each)}; give its name to run it")
        return {name: each for name, each in entries.items() if each.measurable and _short(each)}
    chosen: dict[str, Entry] = {}
    for name in names:
        found = {key: each for key, each in entries.items() if name in (key, key.partition(".")[0])}
        if not found:
            found = {name: book.entry(name)}
        chosen |= found
    by_hand = [name for name, entry in chosen.items() if not entry.measurable]
    if by_hand and by_hand == list(chosen):
        raise EngramError(
            f"{by_hand[0]} was read off by a person, no command answers with it; measure it by hand"
        )
    return {name: entry for name, entry in chosen.items() if entry.measurable}


def _short(entry: Entry) -> bool:
    return entry.seconds is not None and entry.seconds < SHORT_S


def _time(entry: Entry) -> str:
    return "a time that nobody noted" if entry.seconds is None else written_duration(entry.seconds)


def _rows(name: str, old: Entry, new: Entry) -> list[dict[str, Any]]:
    """Old and new figures side by side; values go by seed."""
    return [
        {
            "figure": f"{name}.{key}",
            "unit": figure.unit,
            "old": list(old.figures[key].values),
            "new": list(figure.values),
            "difference": sum(figure.values) / len(figure.values)
            - sum(old.figures[key].values) / len(old.figures[key].values),
        }
        for key, figure in new.figures.items()
    ]


def _print_rows(rows: list[dict[str, Any]]) -> None:
    table = Table("figure", title="published figures, old and new")
    for heading in ("old", "new", "difference"):
        table.add_column(heading, justify="right")
    for row in rows:
        kind, subject, figure = row["figure"].split(".")
        old, new = (_as_published(kind, subject, figure, row["unit"], row[key]) for key in ("old", "new"))
        difference = f"{row['difference']:+,.4g}" if row["difference"] else "="
        table.add_row(row["figure"], old, new, difference)
    answer.print(table)


def _as_published(kind: str, subject: str, figure: str, unit: str, values: list[float]) -> str:
    """Values as a page says them."""
    alone = {
        "command": "-",
        "seeds": range(len(values)),
        "commit": "0" * 7,
        "date": date.min,
        "processor": "",
    }
    entry = alone | {"figures": {figure: {"unit": unit, "values": values}}}
    return filled(f"{{{kind}.{subject}.{figure}}}", validated(Book, {kind: {subject: entry}}, "figures"))
