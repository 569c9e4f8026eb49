"""The array that a command programs, with the full scale of its ADCs."""

from typing import TYPE_CHECKING

from sw.commands.options.array import Array
from sw.console import terminal
from sw.data.of_bundle import dataset_of

if TYPE_CHECKING:
    from sw.bundle import Bundle

__all__ = ["with_full_scale"]


def with_full_scale(array: Array, bundle: "Bundle", data: str | None, seed: int) -> Array:
    """The array, with the full scale chosen from the validation part of the data set where that is asked for.

    `data` is as for :func:`sw.data.of_bundle.dataset_of`. An array that does not fit the bundle is
    refused before any data set is loaded.

    Raises
    ------
    EngramError
        If the array does not fit the bundle, or the data set cannot be loaded.
    """
    from sw.reference.features import features_of
    from sw.rram.chip.full_scale import with_chosen_full_scale
    from sw.rram.chip.programming import program

    device, conditions = array
    if conditions.adc.full_scale != "auto":
        program(bundle, device, conditions, seed=seed)
        return array
    nominal = conditions.adc.model_copy(update={"full_scale": "nominal"})
    program(bundle, device, conditions.with_(adc=nominal), seed=seed)
    part = dataset_of(bundle, data, terminal)[0].validation
    with terminal.stage("full scale", len(part), "validation images") as stage:
        levels = features_of(bundle, part.images, stage.done)
    return Array(device, with_chosen_full_scale(bundle, device, conditions, levels, part.labels, seed=seed))
