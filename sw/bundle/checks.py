"""Checks of a bundle: shapes, dtypes and ranges against its design."""

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint
from sw.errors import EngramError
from sw.reference.adc import GAIN_BITS
from sw.reference.array_state import ArrayState
from sw.reference.average import average_parameters
from sw.reference.frontend import MULTIPLIER_BITS, LayerParameters, Requantisation
from sw.reference.noise import KEY_WORDS, SCALE_BITS, ReadNoise
from sw.reference.pulse import PulseRule

__all__ = [
    "MAX_ADC_OFFSET",
    "MAX_REQUANTISATION_OFFSET",
    "MAX_SHIFT",
    "MAX_THRESHOLD",
    "check_parts",
    "check_tensor",
]

MAX_THRESHOLD = 2**24
"""Accumulators of anything that fits an FPGA stay below this; exporting a network refuses more."""
MAX_SHIFT = 31
MAX_ADC_OFFSET = 2**30
MAX_REQUANTISATION_OFFSET = 2**40
"""Exporting stays below: the largest threshold times the largest multiplier, and as much for the level."""


def check_parts(
    design: DesignPoint,
    frontend: tuple[LayerParameters, ...],
    feature_thresholds: NDArray[np.int32],
    templates: NDArray[np.uint8],
    array: ArrayState,
) -> None:
    """Refuse parts of a bundle that do not fit its design; raises EngramError with the first that does not.

    Parameters
    ----------
    design, frontend, feature_thresholds, templates, array
        As those of :class:`sw.bundle.bundle.Bundle`.
    """
    if len(frontend) != len(design.layers):
        raise EngramError(f"design has {len(design.layers)} layers, parameters for {len(frontend)} given")
    for number, (layer, shape, trained) in enumerate(
        zip(design.layers, design.layer_shapes, frontend, strict=True)
    ):
        name = f"frontend.{number}"
        weight_shape = layer.weight_shape(shape.inputs[0]) if layer.has_weights else (0, 0, 0, 0)
        limit = layer.weight_limit
        check_tensor(f"{name}.weight", trained.weight, np.int8, weight_shape, -limit, limit)
        if layer.weight_bits == 1 and not np.all(trained.weight):
            raise EngramError(f"{name}.weight: 1-bit weights must be -1 or +1, got 0")
        check_tensor(
            f"{name}.thresholds",
            trained.thresholds,
            np.int32,
            (weight_shape[0], layer.thresholds_per_channel),
            -MAX_THRESHOLD,
            MAX_THRESHOLD,
        )
        _check_sorted(f"{name}.thresholds", trained.thresholds)
        _check_requantisation(name, trained.requantisation, weight_shape[0] if layer.requantises else 0)
        if layer.adds and not np.all(trained.weight == 1):
            raise EngramError(f"{name}.weight: both maps of an addition have weight 1, got others")
        if layer.averages:
            _check_average(name, trained, average_parameters(layer, shape))
    channels, height, width = design.feature_map_shape
    quantiser_shape = (height, width, channels, design.thresholds_per_feature)
    check_tensor(
        "quantiser.thresholds",
        feature_thresholds,
        np.int32,
        quantiser_shape,
        -MAX_THRESHOLD,
        MAX_THRESHOLD,
    )
    _check_sorted("quantiser.thresholds", feature_thresholds)
    _check_templates(templates, design)
    _check_array(array, design)


def _check_average(name: str, got: LayerParameters, rule: LayerParameters) -> None:
    """An average-pool has integers like other layers, and they are those of its rule."""
    tables = ("multiplier", "offset", "shift")
    parts = [(got, rule, part) for part in ("weight", "thresholds")]
    tabled = [(got.requantisation, rule.requantisation, part) for part in tables]
    if not all(np.array_equal(getattr(a, part), getattr(b, part)) for a, b, part in (*parts, *tabled)):
        raise EngramError(f"{name} must hold the integers of an average, which follow from its kernel")


def _check_templates(templates: NDArray, design: DesignPoint) -> None:
    shape = design.templates, design.features
    if design.cell == "binary":
        check_tensor("templates", templates, np.uint8, shape, 0, 1)
        return
    check_tensor("templates", templates, np.uint8, (2, *shape), 0, design.thresholds_per_feature)
    if np.any(templates[0] > templates[1]):
        raise EngramError("templates: the lowest level of a window must not be above its highest")


def _check_array(array: ArrayState, design: DesignPoint) -> None:
    cells, adc = (2, design.features, design.templates), array.adc
    check_tensor("array.codes", array.codes, np.uint8, cells, 0, design.max_code)
    adcs = (0, 0) if design.adc_bits is None else (design.row_tiles, design.adcs_per_row_tile)
    check_tensor("adc.gain", adc.gain, np.int32, adcs, 0, 2**GAIN_BITS - 1)
    check_tensor("adc.offset", adc.offset, np.int32, adcs, -MAX_ADC_OFFSET, MAX_ADC_OFFSET)
    if not 0 <= adc.shift <= MAX_SHIFT or (design.adc_bits is None and adc.shift):
        raise EngramError(f"adc.shift must be 0 to {MAX_SHIFT}, and 0 for the ideal ADC, got {adc.shift}")
    if adc.inl.size:
        top = design.max_adc_code if design.adc_bits else 0
        check_tensor("adc.inl", adc.inl, np.int16, (*adcs, top + 1), -top, top)
    if array.pulse is not None:
        _check_pulse(array.pulse, design)
    if array.read_noise is not None:
        _check_noise(array.read_noise, design)


def _check_noise(noise: ReadNoise, design: DesignPoint) -> None:
    check_tensor("noise.key", noise.key, np.uint16, (KEY_WORDS,), 0, 2**16 - 1)
    check_tensor("noise.scale", noise.scale, np.int32, (design.row_tiles,), 0, 2**SCALE_BITS - 1)
    if not 1 <= noise.shift <= MAX_SHIFT:
        raise EngramError(f"noise.shift must be 1 to {MAX_SHIFT}, got {noise.shift}")


def _check_pulse(rule: PulseRule, design: DesignPoint) -> None:
    if max(rule.hrs_state, rule.lrs_state) > design.max_code:
        raise EngramError(
            f"pulse: hrs_state and lrs_state must be codes up to {design.max_code}, "
            f"got {rule.hrs_state} and {rule.lrs_state}"
        )
    if rule.p_stuck_hrs + rule.p_stuck_lrs > 2**16:
        raise EngramError(
            f"pulse: p_stuck_hrs and p_stuck_lrs must be {2**16} at most together, "
            f"got {rule.p_stuck_hrs} and {rule.p_stuck_lrs}"
        )


def _check_requantisation(name: str, tables: Requantisation, channels: int) -> None:
    shape, limit = (channels,), MAX_REQUANTISATION_OFFSET
    check_tensor(f"{name}.multiplier", tables.multiplier, np.int32, shape, 0, 2**MULTIPLIER_BITS - 1)
    check_tensor(f"{name}.offset", tables.offset, np.int64, shape, -limit, limit)
    check_tensor(f"{name}.shift", tables.shift, np.int32, shape, 0, MAX_SHIFT)


def check_tensor(
    name: str, tensor: NDArray, dtype: type, shape: tuple[int, ...], lowest: int, highest: int
) -> None:
    """Refuse a tensor of another dtype or shape, or with values out of range; raises EngramError."""
    if tensor.dtype != dtype or tensor.shape != shape:
        raise EngramError(
            f"{name} must be {np.dtype(dtype)} of shape {shape}, got {tensor.dtype} of shape {tensor.shape}"
        )
    if tensor.size and not (lowest <= tensor.min() and tensor.max() <= highest):
        raise EngramError(f"{name} must hold {lowest} to {highest}, got {tensor.min()} to {tensor.max()}")


def _check_sorted(name: str, tensor: NDArray) -> None:
    if np.any(np.diff(tensor.astype(np.int64), axis=-1) < 0):
        raise EngramError(f"{name} must be sorted along the last axis")
