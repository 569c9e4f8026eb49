"""Where a bundle comes from: the data set, and one step for every command that made or changed it."""

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["DataOrigin", "Option", "Provenance", "Recorded", "Seeds", "Step", "recorded_name"]

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Option = bool | int | float | str | list[str]
"""Value of an option: True for a flag, False for its ``--no-`` form, a list for one that was repeated."""
SEPARATOR = "; "
"""Between the lines of two steps, as a shell takes it."""
INTERRUPTED = "  # interrupted"
"""Behind the line of a step that Ctrl-C ended; a comment, so the line can be run as it is."""


class DataOrigin(BaseModel):
    """Which data the bundle was trained on: name or file name, and SHA-256 over images, labels and split."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    digest: Digest


class Step(BaseModel):
    """One command that made or changed a bundle, with all that its result follows from.

    Parameters
    ----------
    command
        Name of the subcommand, such as ``train``.
    arguments
        What it was given besides options: bundles, by :func:`recorded_name`.
    options
        Pairs of a name without dashes in front, such as ``adc-bits``, and a value; those that were left to
        their default, and those that do not change the result, are not there. They are no table, because a
        file sorts the keys of its tables, and the line has them in the order of the command's help.
    seed
        Of everything random.
    versions
        Of ``engram`` and of the libraries that the result depends on.
    interrupted
        Whether Ctrl-C ended it and what it had reached was taken.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: str
    arguments: tuple[str, ...] = ()
    options: tuple[tuple[str, Option], ...] = ()
    seed: int = 0
    versions: dict[str, str] = {}
    interrupted: bool = False

    @classmethod
    def of(
        cls,
        command: str,
        options: Mapping[str, Option | None],
        seed: int,
        versions: dict[str, str],
        arguments: Iterable[str] = (),
    ) -> "Step":
        """A step of the parameters of a command; None and empty lists are options that were not given.

        Underscores in the names of `options` become the dashes that a person types.
        """
        given = ((name, value) for name, value in options.items() if value is not None and value != [])
        return cls(
            command=command,
            arguments=tuple(arguments),
            options=tuple((name.replace("_", "-"), value) for name, value in given),
            seed=seed,
            versions=versions,
        )

    @property
    def line(self) -> str:
        """The command as a shell takes it."""
        words = ["engram", self.command, *self.arguments]
        for name, value in (*self.options, ("seed", self.seed)):
            if value is True:
                words.append(f"--{name}")
            elif value is False:
                words.append(f"--no-{name}")
            else:
                for each in value if isinstance(value, list) else [value]:
                    words += [f"--{name}", str(each)]
        return shlex.join(words) + (INTERRUPTED if self.interrupted else "")


class Recorded(BaseModel):
    """Record of its making in a bundle of format 1, in place of steps; see :mod:`sw.bundle.format_one`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engram_version: str
    command: str = ""
    seed: int = 0


class Seeds(BaseModel):
    """Trainings that differ in the seed alone, of which a bundle is the one of median validation accuracy.

    Parameters
    ----------
    seeds
        Of the trainings.
    validation, test
        Shares of right answers with the ideal array, one for every seed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seeds: tuple[int, ...] = Field(min_length=1)
    validation: tuple[float, ...]
    test: tuple[float, ...]

    @model_validator(mode="after")
    def _one_of_each_for_every_seed(self) -> Self:
        if not len(self.seeds) == len(self.validation) == len(self.test):
            raise ValueError("validation and test must have one accuracy for every seed")
        return self

    @property
    def words(self) -> str:
        """For people: which seeds, and mean, lowest and highest of their accuracies."""
        parts = (("validation", self.validation), ("test", self.test))
        said = (f"{name} {fmean(each):.2%} ({min(each):.2%} .. {max(each):.2%})" for name, each in parts)
        return f"median by validation of seeds {', '.join(map(str, self.seeds))}: {', '.join(said)}"


class Provenance(BaseModel):
    """How the bundle came to be.

    Parameters
    ----------
    data
        The data set; None for bundles made by hand.
    steps
        The commands that made it, the first one first; none for bundles made by hand.
    metrics
        Accuracies by name, such as ``test.float``; recorded when the bundle was made.
    device
        Device preset, seed and result counts of programming; None for the ideal codes.
    median_of
        The trainings among which this one was in the middle; None where no others are known. It is in the
        file only if it is there, so that the digests of bundles without it stay what they are.
    recorded
        What a file of format 1 says in place of `steps`, which were read from it. It is kept because such a
        bundle must be written with the bytes it was read from, so that its digest, by which chips and kept
        results know it, stays what it is. None for every other bundle.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: DataOrigin | None = None
    steps: tuple[Step, ...] = ()
    metrics: dict[str, float] = {}
    device: dict[str, str | int | float] | None = None
    median_of: Seeds | None = None
    recorded: Recorded | None = Field(default=None, exclude=True)

    @property
    def line(self) -> str:
        """The commands of all steps as a shell takes them, empty without any."""
        return SEPARATOR.join(step.line for step in self.steps)

    def after(self, step: Step, **changes: Any) -> "Provenance":
        """With one more step, and other fields; what was of format 1 is so no longer."""
        return self.model_copy(update={**changes, "steps": (*self.steps, step), "recorded": None})

    def description(self) -> dict[str, Any]:
        """JSON values of the provenance, as they stand in the file."""
        absent = {"median_of"} if self.median_of is None else set()
        if self.recorded is None:
            return self.model_dump(exclude=absent)
        return {**self.model_dump(exclude={"steps", "median_of"}), **self.recorded.model_dump()}


def recorded_name(bundle: str) -> str:
    """Name of a bundle in a step: ``zoo:NAME``, or the name of a file without its folder."""
    return bundle if bundle.startswith("zoo:") else Path(bundle).name
