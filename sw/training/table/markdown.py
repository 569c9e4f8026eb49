"""Cells of the table of trainings, as markdown and as JSON values."""

import re
from collections.abc import Callable, Iterable
from statistics import fmean
from typing import Any

from sw.durations import written_duration
from sw.training.table.gains import Facts, Gain, Spread, spread_of

__all__ = ["gain_values", "markdown", "row_values"]

Row = list[Facts]

HEADINGS = (
    "data set",
    "student",
    "MACs",
    "non-zero",
    "distillation",
    "templates",
    "validation, %",
    "test, %",
    "storage, bit",
    "energy, nJ: paper",
    "full",
    "training",
    "machine",
    "seed",
    "command",
)
GAIN_HEADINGS = ("data set", "student", "templates", "gain of", "over", "validation", "test", "seeds")
RIGHT = {"MACs", "non-zero", "validation, %", "test, %", "storage, bit", "energy, nJ: paper", "full"}
RIGHT |= {"validation", "test"}
METHODS = {"mean": "mean", "kmeans": "k-means", "window": "windows", "keep": "kept"}
SEED = re.compile(r"(?<=--seed )\d+")
"""Of the training, in a recorded command."""
SEVERAL = "several seeds: mean ± standard deviation (lowest .. highest), other figures lowest .. highest"


def markdown(rows: list[Row], gains: list[Gain]) -> str:
    """The table, what its columns mean, and below it the gains, if there are any."""
    machines = list(dict.fromkeys(_machine(facts) for row in rows for facts in row if facts.machine))
    letters = {name: _letter(place) for place, name in enumerate(machines)}
    bits = sorted({facts.energy_adc_bits or 0 for row in rows for facts in row})
    notes = [
        "Validation and test: integer reference, ideal array"
        + (f"; {SEVERAL}." if any(len(row) > 1 for row in rows) else "."),
        "Energy of one classification, modelled: paper accounting (front end + back end); full accounting "
        f"with ADCs of {' or '.join(str(each) if each else 'as few as needed' for each in bits)} bits.",
        "Training: student alone (everything that was trained in this run).",
        *(f"Machine {letter}: {name}." for name, letter in letters.items()),
    ]
    text = _table(HEADINGS, [_cells(row, letters) for row in rows]) + "\n" + "\n".join(notes) + "\n"
    if gains:
        text += "\nGain of distillation in points of accuracy, everything else equal, paired by seed:\n\n"
        text += _table(GAIN_HEADINGS, [_gain_cells(gain) for gain in gains])
    return text


def row_values(row: Row) -> dict[str, Any]:
    """A row for JSON; lists go by seed."""
    first = row[0]
    return {
        "data": first.data.name,
        "student": first.name,
        "macs": first.macs,
        "macs_nonzero": [facts.macs_nonzero for facts in row],
        "distillation": first.recipe.distil,
        "teachers": [facts.teacher and facts.teacher.model_dump() for facts in row],
        "templates": _templates(first),
        "templates_per_class": first.design.templates_per_class,
        "thresholds_per_feature": first.design.thresholds_per_feature,
        "validation": spread_of(facts.validation.ideal for facts in row)._asdict(),
        "test": spread_of(facts.accuracy.ideal for facts in row)._asdict(),
        "storage_bits": [facts.storage_bits for facts in row],
        "energy_nj": [facts.energy_nj.model_dump() for facts in row],
        "seconds_of": [facts.seconds_of for facts in row],
        "seconds": [facts.seconds for facts in row],
        "machines": [facts.machine for facts in row],
        "seeds": [facts.seed for facts in row],
        "commands": [facts.command for facts in row],
        "digests": [facts.digest for facts in row],
    }


def gain_values(gain: Gain) -> dict[str, Any]:
    """A gain for JSON, in shares."""
    return {
        "data": gain.ours.data.name,
        "student": gain.ours.name,
        "templates": _templates(gain.ours),
        "of": _distillation(gain.ours),
        "over": _distillation(gain.against),
        "seeds": gain.seeds,
        "validation": gain.validation._asdict(),
        "test": gain.test._asdict(),
    }


def _cells(row: Row, letters: dict[str, str]) -> list[str]:
    first = row[0]
    paper = [facts.energy_nj.paper for facts in row]
    energy = [_range((each[part] for each in paper), _nj) for part in ("frontend", "backend")]
    total = _range((sum(each.values()) for each in paper), _nj)
    return [
        first.data.name,
        first.name,
        f"{first.macs:,}",
        _range((facts.macs_nonzero for facts in row), _count),
        _distillation(first) + _teachers(row),
        _templates(first),
        _percent(spread_of(facts.validation.ideal for facts in row)),
        _percent(spread_of(facts.accuracy.ideal for facts in row)),
        _range((facts.storage_bits for facts in row), _count),
        f"{total} ({' + '.join(energy)})",
        _range((sum(facts.energy_nj.full.values()) for facts in row), _nj),
        _time(row),
        ", ".join(dict.fromkeys(letters[_machine(facts)] for facts in row if facts.machine)),
        ", ".join(str(facts.seed) for facts in row),
        _command(row),
    ]


def _gain_cells(gain: Gain) -> list[str]:
    return [
        gain.ours.data.name,
        gain.ours.name,
        _templates(gain.ours),
        _distillation(gain.ours),
        _distillation(gain.against),
        _percent(gain.validation, "+"),
        _percent(gain.test, "+"),
        ", ".join(map(str, gain.seeds)),
    ]


def _distillation(facts: Facts) -> str:
    recipe = facts.recipe
    if recipe.distil == "none":
        return "none"
    similarity = f", similarity {recipe.similarity_weight:g}" if recipe.similarity_weight else ""
    weights = f"weight {recipe.distil_weight:g}, T {recipe.temperature:g}{similarity}"
    return f"{recipe.distil}, {weights}, teacher {recipe.teacher}"


def _teachers(row: Row) -> str:
    """Validation accuracy of the teachers, where known."""
    known = [facts.teacher.accuracy for facts in row if facts.teacher]
    return f" ({_range(known, lambda share: f'{100 * share:.2f} %')} on validation)" if known else ""


def _templates(facts: Facts) -> str:
    design = facts.design
    made = "learned" if facts.method == "learned" else f"{METHODS[facts.method]} after a dense head"
    if facts.remade:
        options = facts.remade[-1]
        by = options.get("thresholds-by")
        before = METHODS.get(facts.method, facts.method)
        made = f"{METHODS[options['kind']]} after {before} ones"
        made += f", thresholds by {by}" if by else ""
    noise = ", noise-aware" if facts.noise else ""
    thresholds = f"{design.thresholds_per_feature} threshold{'s' * (design.thresholds_per_feature > 1)}"
    return f"{made}{noise}, {design.templates_per_class} per class, {thresholds}"


def _percent(spread: Spread, sign: str = "") -> str:
    if spread.std is None:
        return f"{100 * spread.mean:{sign}.2f}"
    low, high = (f"{100 * each:{sign}.2f}" for each in (spread.minimum, spread.maximum))
    return f"{100 * spread.mean:{sign}.2f} ± {100 * spread.std:.2f} ({low} .. {high})"


def _range(values: Iterable[float], written: Callable[[Any], str]) -> str:
    """One value, or the lowest and the highest where they read differently."""
    found = sorted(values)
    return " .. ".join(dict.fromkeys((written(found[0]), written(found[-1]))))


def _time(row: Row) -> str:
    """Mean over the seeds whose time is known."""
    timed = [facts for facts in row if facts.seconds is not None]
    if not timed:
        return ""
    students = [seconds for facts in timed if (seconds := facts.seconds_of.get("student")) is not None]
    whole = written_duration(fmean(facts.seconds or 0.0 for facts in timed))
    cached = all(facts.seconds_of.get("teacher") is None for facts in timed)
    without = " without teacher" if cached and row[0].recipe.distil != "none" else ""
    return f"{written_duration(fmean(students)) if students else '-'} ({whole}{without})"


def _command(row: Row) -> str:
    """The command; for several seeds with N for the seed, and each if they differ in more."""
    if len(row) == 1:
        return f"`{row[0].command}`"
    return ", ".join(dict.fromkeys(f"`{SEED.sub('N', facts.command, count=1)}`" for facts in row))


def _machine(facts: Facts) -> str:
    machine = facts.machine or {}
    cores = machine.get("cores")
    parts = [machine.get("processor"), cores and f"{cores} cores", machine.get("accelerator")]
    return ", ".join(str(part) for part in parts if part)


def _letter(place: int) -> str:
    return chr(ord("A") + place) if place < 26 else f"Z{place - 25}"


def _table(headings: tuple[str, ...], rows: list[list[str]]) -> str:
    rules = ["---:" if heading in RIGHT else "---" for heading in headings]
    lines = [list(headings), rules, *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _count(value: int) -> str:
    return f"{value:,}"


def _nj(value: float) -> str:
    return f"{value:.2f}"
