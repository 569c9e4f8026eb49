"""The record of an exploration, and its files: JSON, CSV and Parquet with equal contents.

``results.json`` holds all of it; :func:`read_results` reads it back. It has no times and no names of
machines, so equal explorations give equal files.
"""

import csv
import io
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sw.errors import EngramError
from sw.files import write_atomically

__all__ = ["FORMAT_VERSION", "Exploration", "read_results", "write_result", "write_results"]

FORMAT_VERSION = 1
Row = dict[str, Any]


@dataclass(frozen=True)
class Exploration:
    """The question of an exploration, and its results.

    Attributes
    ----------
    command, digest
        What was run, without what changes no result; SHA-256 of all that the results follow from.
    data, bundles
        Name of the data set; digest of every bundle, by what the axis ``bundle`` calls it.
    seed, chips, images, test_images
        Chips of every point, and images of the validation and of the test part that they classified.
    search
        ``grid``, ``nsga2`` or ``tpe``.
    axes
        Values of every axis.
    objectives
        Column of each objective, by name, and whether more is better.
    left_out
        Points that cannot exist, by why.
    finished
        False where the exploration was ended early; then rows are those that were done.
    rows
        One for every point, by the names of columns: `point`, its number; axes; and results.
        Accuracies are shares.
    front
        Numbers of the points of the Pareto front.
    tested
        By the number of a point of the front: accuracy on the test images, and figures of the FPGA.
    recommended
        The point that ``--recommend`` picked, with the wish and the files written for it; or None.
    built
        By the number of a point that was built: figures of the netlist, and their estimates; or None.
    """

    command: str
    digest: str
    data: str
    bundles: dict[str, str]
    seed: int
    chips: int
    images: int
    test_images: int
    search: str
    axes: dict[str, list[Any]]
    objectives: dict[str, dict[str, Any]]
    left_out: dict[str, int]
    finished: bool
    rows: list[Row]
    front: list[int]
    tested: dict[int, Row]
    recommended: dict[str, Any] | None = None
    built: dict[int, Row] | None = None

    def row(self, point: int) -> Row:
        """Row of the point with that number."""
        return next(row for row in self.rows if row["point"] == point)

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        # without copies: all rows of a large exploration take seconds to copy, each time
        return {"format": FORMAT_VERSION, **{field.name: getattr(self, field.name) for field in fields(self)}}


def write_results(found: Exploration, folder: Path) -> list[Path]:
    """Write ``results.csv``, ``results.parquet`` and ``results.json``, each whole or not at all.

    Raises
    ------
    EngramError
        If one cannot be written.
    """
    rows = [{**row, "front": row["point"] in set(found.front)} for row in found.rows]
    contents = {
        "results.csv": _csv(rows),
        "results.parquet": _parquet(rows),
        "results.json": (json.dumps(found.as_json(), indent=1) + "\n").encode(),
    }
    for name, content in contents.items():
        write_result(folder / name, content)
    return [folder / name for name in contents]


def write_result(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; raises EngramError that says what is not lost."""
    try:
        write_atomically(path, content)
    except EngramError as error:
        raise EngramError(
            f"{error}; what is done is kept: make room or give another --output, then the same command "
            "goes on"
        ) from None


def read_results(path: Path) -> Exploration:
    """The exploration of a ``results.json``, or of the folder that holds one.

    Raises
    ------
    EngramError
        If it cannot be read or is none.
    """
    file = path / "results.json" if path.is_dir() else path
    try:
        values = json.loads(file.read_bytes())
        version = values.pop("format")
        if version == FORMAT_VERSION:
            for name in ("tested", "built"):
                if values[name] is not None:
                    values[name] = {int(point): row for point, row in values[name].items()}
            return Exploration(**values)
    except OSError as error:
        raise EngramError(
            f"cannot read {file}: {error.strerror}; 'engram explore' writes it into its folder"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise EngramError(f"{file} must be the results of 'engram explore', it is not; repeat it") from None
    raise EngramError(
        f"{file} must be of format {FORMAT_VERSION}, got {version!r}; explore again with this version"
    )


def _csv(rows: list[Row]) -> bytes:
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue().encode()


def _parquet(rows: list[Row]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), file)
    return file.getvalue()
