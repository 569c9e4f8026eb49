"""``engram compare``: trainings as a table of markdown, or as JSON."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sw.console import JsonOption, print_json, print_text, reports_errors, terminal
from sw.errors import EngramError

if TYPE_CHECKING:
    from sw.bundle import Bundle
    from sw.training.table.gains import Facts

__all__ = ["compare"]


@reports_errors
def compare(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN|BUNDLE",
            help="Folders of finished runs of 'engram train'; also *.engram files or zoo:NAME, made by "
            "'engram train' or by 'engram templates' after it, which have no training time.",
        ),
    ],
    join_seeds: Annotated[
        bool, typer.Option("--join-seeds", help="One row for trainings that differ in the seed only.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.md", help="Also write the table there.")
    ] = None,
    median: Annotated[
        Path | None,
        typer.Option(
            "--median",
            metavar="FILE.engram",
            help="Also write the bundle of median validation accuracy there, with the accuracies of all "
            "seeds in its metadata; the trainings must differ in the seed alone, of which three are needed.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Collect finished trainings into one table of markdown, and what distillation gains at equal seeds.

    Everything is as it was recorded at the end of the training. Of files, accuracies are those recorded, and
    the energy is worked out from the data set's test images.
    """
    from sw.bundle import save
    from sw.files import check_target, write_atomically
    from sw.training.table.gains import gains_of, grouped
    from sw.training.table.markdown import gain_values, markdown, row_values
    from sw.training.table.median import median_bundle

    for target in filter(None, (output, median)):
        check_target(target)
    found = [_facts(source) for source in sources]
    rows, gains = grouped(found, join_seeds=join_seeds), gains_of(found)
    text = markdown(rows, gains)
    chosen = median_bundle(found, _bundle) if median is not None else None
    if output is not None:
        write_atomically(output, text.encode())
    if median is not None and chosen is not None:
        save(chosen, median)
    if json:
        print_json(
            {"rows": [row_values(row) for row in rows], "gains": [gain_values(gain) for gain in gains]}
        )
    else:
        print_text(text)
    if output is not None:
        terminal.say(f"table written to {output}")
    if chosen is not None and chosen.provenance.median_of is not None:
        terminal.say(f"bundle of seed {chosen.provenance.steps[0].seed} written to {median}")
        terminal.say(chosen.provenance.median_of.words)


def _bundle(source: str) -> "Bundle":
    """The bundle of a run folder, or the one that is named."""
    from sw.bundle import open_bundle
    from sw.training.run.folder import BUNDLE

    return open_bundle(str(Path(source) / BUNDLE) if Path(source).is_dir() else source)


def _facts(source: str) -> "Facts":
    """Facts about the training of a run folder or a bundle."""
    from sw.training.table.gains import Facts
    from sw.validation import validated

    if Path(source).is_dir():
        from sw.training.run.result import RESULT, read_result

        what = (
            f"{Path(source) / RESULT} must be of this version (repeat its command, it trains nothing again)"
        )
        return validated(Facts, {**read_result(Path(source)), "source": source}, what)
    from sw.commands.train.facts import facts_of_bundle

    with terminal.waiting(f"{source}: features of its test images"):
        values = facts_of_bundle(source)
    if values["accuracy"]["ideal"] is None or values["validation"]["ideal"] is None:
        raise EngramError(
            f"{source} must record its validation and test accuracy, it does not; train it anew"
        )
    return validated(Facts, {**values, "source": source}, source)
