"""``--noise-aware``: the options of an array say what chips the templates meet in training."""

import inspect
from pathlib import Path
from typing import Any

from sw.commands.options.array import Array, chosen_array
from sw.errors import EngramError

__all__ = ["chips_of_training", "given_options"]


def given_options(values: dict[str, Any]) -> dict[str, Any]:
    """Those of a command's values that are options of the array and not its defaults; a file by its name."""
    options = inspect.signature(chosen_array).parameters
    given = {name: values[name] for name in options if values[name] != options[name].default}
    return {name: Path(value).name if name == "device" else value for name, value in given.items()}


def chips_of_training(
    asked: bool, array: Array, given: dict[str, Any], learned: bool
) -> tuple[Array | None, dict[str, Any]]:
    """What chips to train with, and how the command line says so.

    Parameters
    ----------
    asked
        Whether there are chips in training at all.
    array
        What the options of the array come to.
    given
        What :func:`given_options` finds.
    learned
        Whether templates are learned.

    Raises
    ------
    EngramError
        If the options do not fit together.
    """
    if not asked:
        if given:
            name = next(iter(given)).replace("_", "-")
            raise EngramError(
                f"--{name} is about the chips of --noise-aware training, which was not asked for; "
                "add --noise-aware, or leave it to 'engram evaluate' and 'engram program'"
            )
        return None, {}
    if not learned:
        raise EngramError("--noise-aware needs --templates learned: others are made after training")
    if array.conditions.adc.full_scale == "auto":
        raise EngramError("--full-scale auto needs a trained bundle; use nominal with --noise-aware")
    return array, {"noise_aware": True, **given}
