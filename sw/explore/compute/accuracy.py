"""Accuracy: right answers of chips, for all kinds of ADCs that read the same ones.

A task programs its chips once, drives their match lines once, and converts the currents with every kind of
ADC. Only the integer reference computes classes.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from sw.bundle import Bundle
from sw.bundle.ideal import with_ideal_array
from sw.evaluation.chips import CHIPS_TOGETHER
from sw.evaluation.scores import accuracy
from sw.explore.compute.images import Images
from sw.reference import pipeline
from sw.rram.chip.full_scale import with_chosen_full_scale
from sw.rram.chip.programming import converter_tables, program
from sw.rram.devices.device import Device
from sw.rram.devices.mapping import array_design
from sw.rram.effects.conditions import Conditions

__all__ = ["Chips", "chosen_full_scale", "good_accuracy", "right_answers", "sized"]

GOOD_BELOW_IDEAL = 0.01
"""How much less than the ideal array a good chip may have."""


class Chips(NamedTuple):
    """Chips that differ in nothing but their seed and number, and how they are read.

    Attributes
    ----------
    sizes
        Fields of the design.
    device
        What they are made of.
    readouts
        Conditions that differ in the ADCs only.
    number, seed
        Chips 0 .. number - 1 of that seed.
    """

    sizes: dict[str, int]
    device: Device
    readouts: tuple[Conditions, ...]
    number: int
    seed: int


def sized(bundle: Bundle, sizes: dict[str, int]) -> Bundle:
    """The bundle in an array of other sizes."""
    return bundle.with_(design=bundle.design.with_(**sizes))


def good_accuracy(bundle: Bundle, images: Images) -> float:
    """Accuracy on images from which on a chip counts as good, where none is asked for."""
    labels = pipeline.classify(with_ideal_array(bundle), images.levels)
    return accuracy(labels, images.truth) - GOOD_BELOW_IDEAL


def right_answers(bundle: Bundle, images: Images, chips: Chips) -> list[list[int]]:
    """Images that each chip (inner) gets right with each kind of ADC (outer)."""
    classifier = sized(bundle, chips.sizes)
    levels = np.asfortranarray(images.levels)
    found = np.empty((len(chips.readouts), chips.number), np.int64)
    with threadpool_limits(1, user_api="blas"):
        for first in range(0, chips.number, CHIPS_TOGETHER):
            some = range(first, min(first + CHIPS_TOGETHER, chips.number))
            programmed = [_readouts(classifier, chips, chip) for chip in some]
            labels = pipeline.classify_readouts(programmed, levels)
            found[:, some.start : some.stop] = (labels == images.truth).sum(axis=2).T
    return found.tolist()


def chosen_full_scale(bundle: Bundle, images: Images, chips: Chips) -> list[dict[str, Any]]:
    """Full scale of each kind of ADC, chosen by validation images, see :mod:`sw.rram.chip.full_scale`."""
    classifier = sized(bundle, chips.sizes)
    with threadpool_limits(1, user_api="blas"):
        chosen = [
            with_chosen_full_scale(classifier, chips.device, conditions, *images, seed=chips.seed)
            for conditions in chips.readouts
        ]
    return [conditions.adc.model_dump() for conditions in chosen]


def _readouts(classifier: Bundle, chips: Chips, chip: int) -> Sequence[Bundle]:
    first, *others = chips.readouts
    programmed = program(classifier, chips.device, first, seed=chips.seed, chip=chip)
    found = [programmed]
    for conditions in others:
        design = array_design(classifier.design, conditions.cell_bits, conditions.adc.bits)
        tables = converter_tables(
            design, chips.device, conditions, programmed.array.read_noise, seed=chips.seed, chip=chip
        )
        found.append(programmed.with_(design=design, array=replace(programmed.array, adc=tables)))
    return found
