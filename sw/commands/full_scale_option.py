"""The array that a command programs, with the full scale of its ADCs."""

from typing import TYPE_CHECKING

from sw.commands.array_options import Array
from sw.commands.dataset_option import dataset_of
from sw.console import progress

if TYPE_CHECKING:
    from sw.bundle import Bundle

__all__ = ["with_full_scale"]


def with_full_scale(array: Array, bundle: "Bundle", data: str | None, seed: int) -> Array:
    """The array, with the full scale chosen from the validation part of the data set where that is asked for.

    `data` is as for :func:`sw.commands.dataset_option.dataset_of`. An array that does not fit the bundle is
    refused before any data set is loaded.

    Raises
    ------
    EngramError
        If the array does not fit the bundle, or the data set cannot be loaded.
    """
    from sw.evaluate import features_of
    from sw.rram.full_scale import with_chosen_full_scale
    from sw.rram.programming import program

    device, conditions = array
    if conditions.adc.full_scale != "auto":
        program(bundle, device, conditions, seed=seed)
        return array
    nominal = conditions.adc.model_copy(update={"full_scale": "nominal"})
    program(bundle, device, conditions.with_(adc=nominal), seed=seed)
    dataset, _ = dataset_of(bundle, data)
    with progress() as bar:
        task = bar.add_task("full scale", total=len(dataset.x_val), note="validation images")
        levels = features_of(bundle, dataset.x_val, lambda images: bar.advance(task, images))
    return Array(device, with_chosen_full_scale(bundle, device, conditions, levels, dataset.y_val, seed=seed))
