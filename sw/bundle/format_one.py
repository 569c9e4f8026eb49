"""Bundles of format 1: the shell line that they record becomes steps.

Nothing else reads a shell line. In place of steps, format 1 has the line, its commands joined by ``; ``, the
seed of the last command, and the version of Engram that ran it.
"""

import re
import shlex

from pydantic import Field

from sw.bundle.provenance import INTERRUPTED, DataOrigin, Option, Provenance, Recorded, Step
from sw.validation import validated

__all__ = ["provenance_of", "steps_of"]

REPEATED = ("recipe",)
"""Options that may come several times, whose values are lists."""


class _Description(Recorded):
    """All that a file of format 1 says of where it comes from."""

    data: DataOrigin | None = None
    metrics: dict[str, float] = Field(default_factory=dict)
    device: dict[str, str | int | float] | None = None


def provenance_of(values: object, what: str) -> Provenance:
    """Provenance of what a file of format 1 says; `what` is what messages call it.

    Raises
    ------
    EngramError
        If the values are not those of format 1.
    """
    found = validated(_Description, values, what)
    recorded = Recorded(engram_version=found.engram_version, command=found.command, seed=found.seed)
    return Provenance(
        data=found.data,
        steps=steps_of(recorded),
        metrics=found.metrics,
        device=found.device,
        recorded=recorded,
    )


def steps_of(recorded: Recorded) -> tuple[Step, ...]:
    """Steps of a recorded line; none for a text that is no line of Engram's.

    Values stay text, since a line does not say their types. The version is that of the last step; of those
    before, format 1 keeps none.
    """
    lines = [line for line in re.split(r"; (?=engram |$)", recorded.command) if line]
    try:
        steps = [_step(line) for line in lines]
    except ValueError:  # quotes that do not close, a seed that is no number, or a text that is no command
        return ()
    if steps:
        steps[-1] = steps[-1].model_copy(update={"versions": {"engram": recorded.engram_version}})
    return tuple(steps)


def _step(line: str) -> Step:
    """One command: its name, arguments up to the first option, then options, each with a value or none."""
    program, command, *words = shlex.split(line.removesuffix(INTERRUPTED))
    if program != "engram":
        raise ValueError(program)
    first = next((place for place, word in enumerate(words) if word.startswith("--")), len(words))
    options: dict[str, Option] = {}
    for place, word in enumerate(words):
        if not word.startswith("--"):
            continue
        name, behind = word.removeprefix("--"), words[place + 1 : place + 2]
        value: Option = behind[0] if behind and not behind[0].startswith("--") else True
        if name in REPEATED:
            before = options.get(name, [])
            value = [*(before if isinstance(before, list) else []), str(value)]
        options[name] = value
    seed = options.pop("seed", "0")
    return Step(
        command=command,
        arguments=tuple(words[:first]),
        options=tuple(options.items()),
        seed=int(str(seed)),
        interrupted=line.endswith(INTERRUPTED),
    )
