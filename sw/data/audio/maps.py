"""Recordings as a data set of maps, with the rule that made them, as arrays of an ``.npz``."""

import io
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sw.data.audio.recordings import Recordings
from sw.files import write_atomically
from sw.reference.inputs.log_mel import LogMel
from sw.validation import validated

__all__ = ["maps_of", "rule_in", "rule_of_times", "write_maps"]


def rule_of_times(rate: int, *, seconds: float, window_ms: float, hop_ms: float, **others: object) -> LogMel:
    """The rule with times in samples of `rate`, rounded; `others` are fields of :class:`LogMel` as they are.

    Raises
    ------
    EngramError
        If a value is out of range, or they do not fit together.
    """
    times = {"samples": seconds, "window": window_ms / 1000, "hop": hop_ms / 1000}
    values = {name: round(rate * time) for name, time in times.items()}
    given = {name: value for name, value in others.items() if value is not None}
    return validated(LogMel, {"rate": rate, "highest_hz": rate // 2, **values, **given}, "audio")


def maps_of(arrays: dict[str, NDArray], rule: LogMel) -> dict[str, NDArray]:
    """The arrays with maps (N, bands, frames) in place of recordings (N, L)."""
    return {key: rule.apply(array) if key.startswith("x_") else array for key, array in arrays.items()}


def rule_in(text: NDArray, place: str) -> LogMel:
    """The rule in an array ``audio`` of the file `place`; raises EngramError if it has none."""
    try:
        values = json.loads(str(text.item())) if text.size == 1 and text.dtype.kind == "U" else None
    except ValueError:
        values = None
    return validated(LogMel, values, f"{place}: audio")


def write_maps(path: Path, recordings: Recordings, rule: LogMel, source: str | None) -> dict[str, NDArray]:
    """Write a data set of maps; the file appears whole or not at all.

    Parameters
    ----------
    path
        Where to.
    recordings, rule
        What of, and how.
    source
        Name of the data set of these recordings, by which a bundle finds them again; None where it has none.

    Returns
    -------
    dict
        The arrays that are in the file.

    Raises
    ------
    EngramError
        If it cannot be written.
    """
    arrays = maps_of(recordings.arrays, rule)
    arrays["audio"] = np.array(json.dumps(rule.model_dump(), sort_keys=True))
    if recordings.class_names:
        arrays["classes"] = np.array(recordings.class_names)
    if source is not None:
        arrays["source"] = np.array(source)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]  # its stub takes a flag for an array
    write_atomically(path, content.getvalue())
    return arrays
