"""The folder of one training run: checkpoints to go on from, logs, and the result.

    run.json               what is trained: a folder goes on with this run and refuses any other
    NAME.safetensors       newest checkpoint of a part: teacher, float or student
    NAME.csv               its log, a row per epoch
    bundle.engram          the trained bundle
    result.json            metrics, seconds, machine; written at the end

Every file is written whole or not at all. Nothing is pickled.
"""

import csv
import hashlib
import io
import json
import reprlib
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from sw.errors import EngramError
from sw.files import write_atomically
from sw.system.locks import LOCK, one_at_a_time
from sw.training.loop.state import State
from sw.training.run.result import IDENTITY, RESULT, as_text, write_result
from sw.training.run.state_file import read_checkpoint, write_checkpoint

__all__ = ["BUNDLE", "CURVES", "PARTS", "RunFolder", "RunPart"]

FORMAT_VERSION = 1
PARTS = ("teacher", "float", "student")
BUNDLE = "bundle.engram"
CURVES = "curves.png"
ABSENT = "absent"

Row = dict[str, float | int | str | None]


class RunFolder:
    """A folder that belongs to one run, and to one process at a time until it is closed.

    Parameters
    ----------
    path
        Made if it is not there.
    identity
        What is trained, as JSON: digest of the data, design, recipe, seed, versions. A run is resumed only
        with an equal identity.
    restart
        Remove what an earlier run left there, whatever it was.

    Raises
    ------
    EngramError
        If the folder holds another run or other files, is used by another process, or cannot be written.
    """

    def __init__(self, path: Path, identity: dict[str, Any], *, restart: bool = False):
        self.path = path
        self._identity = json.loads(json.dumps(identity))
        self._parts: dict[str, RunPart] = {}
        self._seconds_before = 0.0
        with ExitStack() as stack:
            stack.enter_context(one_at_a_time(path, "give another --run folder"))
            self._refuse_other_files()
            self._open(restart)
            self._lock = stack.pop_all()
        self._opened = time.monotonic()

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(self, *_: object) -> None:
        """Close; a folder in which nothing was logged or saved goes away again."""
        with suppress(OSError):
            if {path.name for path in self.path.iterdir()} <= {IDENTITY, LOCK}:
                (self.path / IDENTITY).unlink(missing_ok=True)
        self.close()

    @property
    def digest(self) -> str:
        """SHA-256 of the identity; a checkpoint carries that of its run."""
        return hashlib.sha256(json.dumps(self._identity, sort_keys=True).encode()).hexdigest()

    @property
    def seconds(self) -> float:
        """Time spent on this run: its pieces up to the checkpoint that it was resumed from, and this piece.

        What an earlier piece did after its last checkpoint was lost, and is not counted.
        """
        return self._seconds_before + time.monotonic() - self._opened

    @property
    def begun(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return any(self.part(name).checkpoint.exists() for name in PARTS)

    @property
    def finished(self) -> bool:
        """Whether the run has its result."""
        return (self.path / RESULT).exists()

    def part(self, name: str) -> "RunPart":
        """Checkpoint and log of one of :data:`PARTS`."""
        assert name in PARTS, name
        return self._parts.setdefault(name, RunPart(self, name))

    def finish(self, result: dict[str, Any]) -> None:
        """Write ``result.json``: `result`, and beside it ``seconds`` and ``machine``.

        Raises
        ------
        EngramError
            If it cannot be written.
        """
        write_result(self.path, result, self.seconds)

    def close(self) -> None:
        """Let other processes in; the end of the process does that too."""
        self._lock.close()

    def _open(self, restart: bool) -> None:
        old = list(self.path.glob(".*.tmp"))
        if restart:
            names = [f"{part}{suffix}" for part in PARTS for suffix in (".safetensors", ".csv")]
            # the identity last: until it is gone, the restart can be repeated
            old += [self.path / name for name in (*names, BUNDLE, CURVES, RESULT, IDENTITY)]
        try:
            for path in old:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise EngramError(f"cannot remove {path}: {error.strerror or error}") from None
        path = self.path / IDENTITY
        if not path.exists():
            text = as_text({"format": FORMAT_VERSION, "identity": self._identity})
            write_atomically(path, text, sync=True)
            return
        try:
            recorded = json.loads(path.read_bytes())
            found, version = recorded["identity"], recorded["format"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            raise EngramError(
                f"{path} must say which run the folder holds, it cannot be read; "
                "give another --run folder, or --restart"
            ) from None
        here = {"format": FORMAT_VERSION, "identity": self._identity}
        for where, there, now in _differences({"format": version, "identity": found}, here):
            raise EngramError(
                f"{self.path} holds another run: {where.removeprefix('identity.')} is {there} there "
                f"and {now} here; give the same options, another --run folder, or --restart"
            )

    def _refuse_other_files(self) -> None:
        if (self.path / IDENTITY).exists():
            return
        for found in sorted(self.path.iterdir()):
            if found.name != LOCK and not (found.name.startswith(".") and found.name.endswith(".tmp")):
                raise EngramError(
                    f"--run must be a new folder or that of a run, {self.path} has no {IDENTITY} "
                    f"and holds {found.name}; give another"
                )


class RunPart:
    """Checkpoint and log of one fit; made by :meth:`RunFolder.part`.

    :meth:`load` comes first. Then, epoch by epoch, :meth:`log` before :meth:`save`: the checkpoint holds the
    rows so far, and going on from it drops the ones after it from the file.
    """

    def __init__(self, run: RunFolder, name: str):
        self.checkpoint = run.path / f"{name}.safetensors"
        self.log_file = run.path / f"{name}.csv"
        self._run = run
        self._name = name
        self._rows: list[Row] = []

    def load(self) -> State | None:
        """The newest checkpoint, its tensors on the CPU, or None if there is none.

        The log is brought back to where the checkpoint was saved.

        Raises
        ------
        EngramError
            If the checkpoint is damaged or of another run.
        """
        found = read_checkpoint(self.checkpoint)
        if found is None:
            return None
        content, tensors = found
        for what, have, want in (
            ("format", content.get("format"), FORMAT_VERSION),
            ("run", content.get("run"), self._run.digest),
            ("part", content.get("part"), self._name),
        ):
            if have != want:
                raise EngramError(
                    f"{self.checkpoint} must be of this run's {self._name} (format {FORMAT_VERSION}), "
                    f"it is of another {what}; delete it to train this part anew, or give --restart"
                )
        self._rows = content["rows"]
        self._run._seconds_before = max(self._run._seconds_before, content["seconds"])
        self._write_log()
        return State(tensors, content["values"])

    def save(self, state: State) -> None:
        """Replace the checkpoint.

        Raises
        ------
        EngramError
            If it cannot be written; the one before it stays.
        """
        content = {
            "format": FORMAT_VERSION,
            "run": self._run.digest,
            "part": self._name,
            "seconds": self._run.seconds,
            "rows": self._rows,
            "values": state.values,
        }
        try:
            write_checkpoint(self.checkpoint, content, state.tensors)
        except EngramError as error:
            raise EngramError(
                f"{error}; the checkpoint before it stays: make room, then the same command goes on"
            ) from None

    def log(self, row: Row) -> None:
        """Add a row to the log; every row has the columns of the first, None leaves a cell empty.

        Raises
        ------
        EngramError
            If it cannot be written.
        """
        assert not self._rows or list(row) == list(self._rows[0]), "columns of a log stay the same"
        self._rows = [*self._rows, row]
        self._write_log()

    def _write_log(self) -> None:
        if not self._rows:
            self.log_file.unlink(missing_ok=True)
            return
        text = io.StringIO()
        writer = csv.DictWriter(text, list(self._rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows)
        write_atomically(self.log_file, text.getvalue().encode())


def _differences(old: Any, new: Any, where: str = "") -> Iterator[tuple[str, str, str]]:
    """Where two JSON values differ, in the order of the new one: path, old and new value as short text."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in (*new, *(key for key in old if key not in new)):
            inner = f"{where}.{key}" if where else key
            if key in old and key in new:
                yield from _differences(old[key], new[key], inner)
            else:
                there, now = (_short(side[key]) if key in side else ABSENT for side in (old, new))
                yield inner, there, now
    elif type(old) is not type(new) or old != new:
        yield where, _short(old), _short(new)


def _short(value: Any) -> str:
    return "none" if value is None else reprlib.repr(value)
