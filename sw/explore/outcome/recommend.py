"""Recommendation: the point that fulfils a wish, as a chip that simulation and build take as it is."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sw.bundle import Bundle, save
from sw.explore.compute.accuracy import sized
from sw.explore.compute.explorer import Explorer
from sw.explore.compute.images import Images
from sw.explore.compute.variants import Variants
from sw.explore.outcome.results import write_result
from sw.explore.space.settings import Setting, sizes_of
from sw.reference import pipeline
from sw.rram.chip.programming import program

__all__ = ["ANSWERS", "CHIP", "programmed", "write_recommended"]

CHIP, ANSWERS = "recommended.engram", "recommended.csv"


def programmed(variants: Variants, explorer: Explorer, setting: Setting, seed: int) -> Bundle:
    """Chip 0 of a point, the first of those that its accuracy is about."""
    classifier = sized(variants.bundle(setting.variant), sizes_of(setting.design))
    return program(classifier, setting.device, explorer.conditions(setting), seed=seed)


def write_recommended(chip: Bundle, images: Images, folder: Path) -> Mapping[str, Any]:
    """Write a chip, and what it answers to every image.

    Parameters
    ----------
    chip
        Of the point.
    images
        Of the test part.
    folder
        Gets ``recommended.engram``, and ``recommended.csv`` with the number, the class and the answer of
        every image.

    Returns
    -------
    mapping
        Digest of the chip, its share of right answers, its design, and the files.
    """
    labels = pipeline.classify(chip, images.levels)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "class", "answer"])
    writer.writerows(zip(range(len(labels)), images.truth.tolist(), labels.tolist(), strict=True))
    save(chip, folder / CHIP)
    write_result(folder / ANSWERS, text.getvalue().encode())
    return {
        "chip": chip.digest,
        "test_accuracy_of_chip": float(np.mean(labels == images.truth)),
        "design": json.loads(json.dumps(chip.design.description())),
        "files": [CHIP, ANSWERS],
    }
