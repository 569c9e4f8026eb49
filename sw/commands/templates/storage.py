"""The study of ``engram templates``: run it, write what it gave, tell a person."""

from pathlib import Path

from rich.table import Table

from sw.console import answer, messages
from sw.evaluation.studies import write_csv
from sw.files import make_folder
from sw.templates.maker import Maker
from sw.templates.sizes import design_for
from sw.templates.study import Row, draw_storage, mark_best, row_of, schemes_for

__all__ = ["print_storage", "run_storage"]


def run_storage(maker: Maker, several: int, folder: Path) -> tuple[list[Row], list[Path]]:
    """Try every scheme, then write the rows as CSV and as picture.

    What is done by the time of a Ctrl-C or a failure is written before that goes on.

    Raises
    ------
    EngramError
        If so many templates do not fit a design, the data set has too few images, or a file cannot be
        written.
    """
    design = maker.bundle.design
    design_for(design, "kmeans", 1, several, {})
    make_folder(folder)
    schemes = schemes_for(design, several)
    rows: list[Row] = []
    files: list[Path] = []
    try:
        with maker.stage("schemes", len(schemes)) as stage:
            for scheme in schemes:
                rows.append(row_of(scheme, maker))
                stage.done(1)
    finally:
        if rows:
            rows, files = mark_best(rows), [folder / "storage.csv", folder / "storage.png"]
            write_csv(rows, files[0])
            draw_storage(rows, f"{design.name} on {maker.dataset.name}: templates with ideal cells", files[1])
        if len(rows) < len(schemes):
            where = f", in {files[0]}" if files else ""
            messages.print(
                f"{len(rows)} of {len(schemes)} schemes are done{where}", soft_wrap=True, highlight=False
            )
    return rows, files


def print_storage(rows: list[Row], title: str) -> None:
    """Tell a person, smallest templates first."""
    table = Table(title=title)
    for heading in ("kind", "thresholds"):
        table.add_column(heading, no_wrap=True)
    for heading in ("per\nclass", "template\nbits", "threshold\nbits", "validation", "test"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in sorted(rows, key=lambda row: row["template_bits"]):
        table.add_row(
            row["kind"],
            f"{row['thresholds']} {row['thresholds_by']}",
            str(row["per_class"]),
            f"{row['template_bits']:,}",
            f"{row['threshold_bits']:,}",
            f"{row['validation']:.2%}",
            f"{row['test']:.2%}",
            style="bold" if row["best"] else None,
        )
    answer.print(table)
    answer.print("bold: the best on the validation part for so many template bits", highlight=False)
