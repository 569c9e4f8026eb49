"""Full scale: the range of currents that the ADCs spread over their codes, chosen from validation data.

Templates that do not win need no codes of their own, and no match line ever has all cells matching. So few
bits go further over the currents that decide. What lies outside saturates.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.reference import classifier, pipeline
from sw.reference.adc import convert
from sw.rram.adc.converters import AdcModel, FullScale, draw_converters, full_scale_of
from sw.rram.chip.programming import program
from sw.rram.devices.device import Device
from sw.rram.devices.mapping import array_design, current_codes
from sw.rram.effects.conditions import Conditions

__all__ = ["LOWER_QUANTILES", "UPPER_QUANTILES", "candidates", "with_chosen_full_scale"]

LOWER_QUANTILES = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75)
UPPER_QUANTILES = (1.0, 0.999, 0.99, 0.95)
"""Of a row tile's currents, over all images and templates; the ends of the candidates."""
MAX_CURRENTS = 2**22
"""Only as many images are used as have so many currents, which take 32 MB."""


def with_chosen_full_scale(
    bundle: Bundle,
    device: Device,
    conditions: Conditions,
    levels: NDArray[np.uint8],
    truth: NDArray,
    *,
    seed: int,
) -> Conditions:
    """Conditions whose ADCs have a range, where they ask for one to be chosen; else as they are.

    The currents are those of chip 0, with all that the conditions ask for, as they would be measured; all
    chips then have that range. Of the candidates, the one that gives ADCs without mismatch the best accuracy
    is taken, the widest of equals; the nominal range is one of them.

    Parameters
    ----------
    bundle, device, conditions, seed
        See :func:`sw.rram.chip.programming.program`.
    levels, truth
        Word-line values (N, F) and classes (N,) of validation images, never of the test split.
    """
    adc = conditions.adc
    if adc.full_scale != "auto" or adc.bits is None:
        return conditions
    chip = program(bundle, device, conditions.with_(adc={"bits": None}), seed=seed)
    count = max(1, MAX_CURRENTS // (chip.design.row_tiles * chip.design.templates))
    currents = pipeline.run_levels(chip, levels[:count]).codes
    design = array_design(bundle.design, conditions.cell_bits, adc.bits)
    best, most = None, -1.0
    for candidate in candidates(currents, design, device):
        reached = _accuracy(candidate, currents, truth[:count], design, device)
        if reached > most:
            best, most = candidate, reached
    return conditions.with_(adc=adc.model_copy(update={"full_scale": best}))


def candidates(currents: NDArray[np.int64], design: DesignPoint, device: Device) -> list[FullScale]:
    """Ranges worth a try, the widest first, for currents (N, row tiles, T) in conductance codes.

    Every row tile starts at its own quantile; the span is that of the tile that needs the most.
    """
    low, high = current_codes(design, device)
    rows = np.array([design.rows_in_tile(tile) for tile in range(design.row_tiles)])
    matches = (currents - rows[:, np.newaxis] * low) / (high - low)
    by_tile = matches.transpose(1, 0, 2).reshape(design.row_tiles, -1)
    lower, upper = (
        np.quantile(by_tile, quantiles, axis=1) for quantiles in (LOWER_QUANTILES, UPPER_QUANTILES)
    )
    found = [full_scale_of(design, AdcModel())]
    for first, last in product(lower, upper):
        span = float((last - first).max())
        if 1 <= span < found[0].span:
            found.append(FullScale(lowest=tuple(map(float, first)), span=span))
    return sorted(found, key=lambda range_: -range_.span)


def _accuracy(
    full_scale: FullScale, currents: NDArray[np.int64], truth: NDArray, design: DesignPoint, device: Device
) -> float:
    """Of ADCs with that range and without mismatch."""
    model = AdcModel(bits=design.adc_bits, full_scale=full_scale)
    tables = draw_converters(design, device, model, np.random.default_rng(0)).tables()
    scores = classifier.template_scores(convert(currents, tables, design))
    labels = classifier.decide(scores, design.templates_per_class, design.margin).label
    return float(np.mean(labels == truth))
