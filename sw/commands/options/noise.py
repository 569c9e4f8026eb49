"""``--noise-aware``: the options of an array say what chips the templates meet in training."""

from collections.abc import Mapping
from typing import Any

from sw.commands.options.array import Array
from sw.errors import EngramError

__all__ = ["chips_of_training"]


def chips_of_training(asked: bool, array: Array, given: Mapping[str, Any], learned: bool) -> Array | None:
    """Array of the chips to train with; None to train without.

    Parameters
    ----------
    asked
        Whether there are chips in training at all.
    array
        The array that the options describe.
    given
        Those options that were given.
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
        return None
    if not learned:
        raise EngramError("--noise-aware needs --templates learned: others are made after training")
    if array.conditions.adc.full_scale == "auto":
        raise EngramError("--full-scale auto needs a trained bundle; use nominal with --noise-aware")
    return array
