"""Commands of entries, run again: one folder per entry and seed, so that what was interrupted goes on."""

import hashlib
import json
import math
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from hw.fpga.toolchain import NO_ERROR
from published.book import Entry, Figure
from sw.errors import EngramError
from sw.files import make_folder, write_atomically
from sw.progress import Listener
from sw.surroundings import python_path
from sw.system.programs import run

__all__ = ["SHORT_S", "commit_of", "found_in", "here", "measured", "processor", "uncommitted"]

SHORT_S = 600.0
"""Entries that take less are run when none is named."""
WORK = Path("runs") / "published"
ANSWER = "answer.json"
MODULES = {"engram": "sw.cli"}
"""Programs by the module behind them; ``python -m MODULE`` names its own."""
SOURCE = ("sw", "hw", "sim", "formal", "constraints", ":!*.md")
"""What a figure follows from, as git names it."""
PLACES = ("ENGRAM_DATA", "ENGRAM_CACHE")
REFUSED = 2
"""Exit code of a command that cannot do what it is asked for."""
GRACE_S = 20.0
"""How long a training may take to keep what it has done."""


def measured(name: str, entry: Entry, say: Listener, root: Path, *, of_builds: bool = False) -> Entry:
    """The entry with the figures of today.

    An answer that is there already, of the same command and the same source, is taken as it is.

    Parameters
    ----------
    name, entry
        The entry, whose figures are replaced.
    say
        Hears of every command.
    root
        Of the checkout.
    of_builds
        Exit code 1 is an answer too, it says that timing is not met; what a command refuses with is kept as
        an answer is; and its progress is not shown, so that several can run side by side.

    Raises
    ------
    EngramError
        If a command fails, or its answer lacks a figure.
    """
    state = _state(root)
    kept: list[dict[str, Any]] = []
    for seed in entry.seeds:
        folder = root / WORK / name / f"seed-{seed}"
        said = _answer(entry.line(seed), folder, state)
        if said is None:
            say.say(f"{name}, seed {seed}: {entry.line(seed)}")
            said = _run(entry.line(seed), folder, state, root, of_builds)
        else:
            say.say(f"{name}, seed {seed}: kept in {folder}")
        if "refusal" in said:
            raise EngramError(said["refusal"])
        kept.append(said)
    figures = {
        key: figure.model_copy(
            update={"values": tuple(found_in(each["answer"], figure, name) for each in kept)}
        )
        for key, figure in entry.figures.items()
    }
    changes = {
        "figures": figures,
        "by_seed": True,
        "note": "",
        "commit": kept[-1]["commit"],
        "date": date.fromisoformat(kept[-1]["date"]),
        "processor": kept[-1]["processor"],
        "seconds": round(sum(each["seconds"] for each in kept), 1),
    }
    return entry.model_copy(update=changes)


def found_in(answer: Any, figure: Figure, name: str) -> int | float:
    """The figure in a JSON answer; a share becomes per cent, numbers of a table are added up, and those of
    several places with `` + `` between them.

    Raises
    ------
    EngramError
        If there is no number at that place.
    """
    number = sum(_number_at(answer, place, name) for place in figure.source.split(" + "))
    value = number * (100 if figure.unit == "%" else 1)
    if isinstance(value, int) or not value:
        return value
    # six digits behind the point, and of a small value six that say something: a current's error is 1e-13
    return round(value, max(6, 5 - math.floor(math.log10(abs(value)))))


def _number_at(answer: Any, place: str, name: str) -> int | float:
    there = answer
    for key in place.split("."):
        try:
            there = there[int(key)] if isinstance(there, list) else there[key]
        except (KeyError, IndexError, ValueError, TypeError):
            there = None
            break
    if isinstance(there, dict) and all(isinstance(each, int | float) for each in there.values()):
        there = sum(there.values())
    if isinstance(there, bool) or not isinstance(there, int | float):
        raise EngramError(f"{name}: the answer must have a number at {place!r}, it has {there!r}")
    return there


def commit_of(root: Path) -> str:
    """The commit of a checkout; raises EngramError where there is none."""
    return _git(root, "rev-parse", "--short=10", "HEAD").strip()


def here() -> str:
    """The kind of this machine."""
    from sw.training.run.result import machine

    return processor(machine())


def processor(machine: Mapping[str, Any]) -> str:
    """The kind of a machine, as a run records it: such as ``AMD EPYC, 2 cores``."""
    parts = [machine["processor"], f"{machine['cores']} cores", machine["accelerator"]]
    return ", ".join(str(each) for each in parts if each)


def _state(root: Path) -> str:
    """Digest of the source as it is; a commit that changes pages alone leaves kept answers good."""
    said = _git(root, "ls-files", "-s", "--", *SOURCE) + _git(root, "diff", "--", *SOURCE)
    return hashlib.sha256(said.encode()).hexdigest()


def _git(root: Path, *words: str) -> str:
    try:
        done = run(["git", "-C", root, *words])
    except OSError as error:
        raise EngramError(f"git must be there to name the commit: {error.strerror}") from None
    if done.returncode:
        raise EngramError(f"{root} must be a checkout with git, so that an entry can name its commit")
    return done.stdout


def _answer(line: str, folder: Path, state: str) -> dict[str, Any] | None:
    """What was answered before, None if nothing was, or by another source."""
    try:
        found = json.loads((folder / ANSWER).read_bytes())
    except (OSError, ValueError):
        return None
    same = isinstance(found, dict) and (found.get("line"), found.get("state")) == (line, state)
    return found if same else None


def _run(line: str, folder: Path, state: str, root: Path, of_builds: bool) -> dict[str, Any]:
    """Run all commands of a line, the last one with --json, and keep the answer."""
    make_folder(folder)
    started = time.monotonic()
    steps = [shlex.split(each) for each in line.split(" && ")]
    said, refusal = "", ""
    for number, words in enumerate(steps):
        program = _program(words, line) + (["--json"] if number == len(steps) - 1 else [])
        shown = subprocess.PIPE if of_builds else None
        done = run(program, grace=GRACE_S, stderr=shown, cwd=folder, env=_environment())
        if of_builds and done.returncode == REFUSED:
            refusal = done.stderr.strip().rpartition("\n")[2].removeprefix("error: ")
            break
        if done.returncode and not (of_builds and done.returncode == 1):
            raise EngramError(
                f"{shlex.join(words)} must end well, it ended with {done.returncode}; see above"
            )
        said = done.stdout
    try:
        result = {"refusal": refusal} if refusal else {"answer": json.loads(said)}
    except ValueError:
        raise EngramError(f"{line} must answer with one JSON object, it said {said[:60]!r}") from None
    kept = {
        "line": line,
        "state": state,
        "seconds": time.monotonic() - started,
        "commit": commit_of(root),
        "date": date.today().isoformat(),
        "processor": here(),
        **result,
    }
    if NO_ERROR not in refusal:  # a tool that somebody killed has said nothing about the board
        write_atomically(folder / ANSWER, json.dumps(kept, indent=1).encode())
    return kept


def _environment() -> dict[str, str]:
    """That of the child, which runs in another folder: our modules, and our places as absolute paths."""
    places = {name: str(Path(os.environ[name]).absolute()) for name in PLACES if os.environ.get(name)}
    return {**os.environ, **places, "PYTHONPATH": python_path()}


def _program(words: list[str], line: str) -> list[str]:
    """A command by this Python and the modules behind it."""
    if words[:2] == ["python", "-m"] and len(words) > 2:
        return [sys.executable, *words[1:]]
    if words and words[0] in MODULES:
        return [sys.executable, "-m", MODULES[words[0]], *words[1:]]
    raise EngramError(f"commands in docs/results.toml must begin with engram or python -m, got {line!r}")


def uncommitted(root: Path) -> str:
    """First changed file of the source, empty if all is committed; docs do not count."""
    return next(iter(_git(root, "diff", "HEAD", "--name-only", "--", *SOURCE).splitlines()), "")
