"""What tests of the explorer share: a tiny bundle, a data set for it, and a space of points."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from sw.bundle import Bundle
from sw.bundle.ideal import with_ideal_array
from sw.bundle.provenance import Provenance
from sw.cache import Store
from sw.commands.explore.axes import array_of, space_of
from sw.data.parts import Dataset, Part
from sw.energy.constants import read_constants
from sw.explore.compute.costs import Costs, read_macro
from sw.explore.compute.explorer import Explorer, Extent
from sw.explore.compute.variants import Variants
from sw.explore.outcome.pareto import pareto_front
from sw.explore.outcome.results import Exploration
from sw.explore.space.objectives import OBJECTIVES, Objective, losses
from sw.explore.space.settings import Setting, Settings
from sw.farm.farm import Farm, Here
from sw.progress import unseen
from sw.reference import pipeline
from sw.reference.features import features_of
from tests.helpers.bundles import random_bundle, random_images, tiny_design
from tests.helpers.commands import run

__all__ = [
    "AXES",
    "BUNDLE",
    "CHIPS",
    "DATA",
    "IMAGES",
    "QUICK",
    "SEED",
    "SIZES",
    "CountingFarm",
    "exploration",
    "explored",
    "explorer_in",
    "settings_of",
    "with_rows",
]

SEED, CHIPS, IMAGES = 5, 3, 40


def _data(bundle: Bundle) -> Dataset:
    """Images whose classes are what the ideal array says, but for every seventh."""
    parts = []
    for seed, count in ((1, 90), (2, 50), (3, 30)):
        images = random_images(bundle.design, count, seed)
        truth = pipeline.classify(with_ideal_array(bundle), features_of(bundle, images))
        truth[::7] = (truth[::7] + 1) % bundle.design.classes
        truth[: bundle.design.classes * 4] = np.arange(bundle.design.classes * 4) % bundle.design.classes
        parts.append(Part(images, truth.astype(np.uint8)))
    return Dataset("tiny", *parts, classes=bundle.design.classes)


_UNTRAINED = random_bundle(tiny_design(thresholds_per_feature=3), 11)
DATA = _data(_UNTRAINED)
BUNDLE = _UNTRAINED.with_(provenance=Provenance(data=DATA.origin))


class CountingFarm(Here):
    """Remembers what it computed, by the name of the function."""

    def __init__(self) -> None:
        self.computed: list[str] = []

    def run(self, tasks):
        for task in tasks:
            result = task.function(*task.arguments)
            self.computed.append(task.function.__name__)
            yield task.key, result


def settings_of(**axes: str | bool) -> list[Setting]:
    """Settings of all points of a space, defaults where nothing is given."""
    designs = {"tiny": BUNDLE.design}
    sizes = {"rows": "8", "cols": "4", "cols_per_adc": "2", "adc_bits": "4", "cell_bits": "4"}
    space = space_of({**sizes, **axes}, None, designs)
    settings = Settings(designs, array_of)
    return [settings.of(point) for point in space.points()]


def explorer_in(folder: Path, farm: Farm | None = None, store: Store | None = None) -> Explorer:
    """An explorer of the tiny bundle with a store in that folder, or with that store."""
    farm, store = farm or Here(), store or Store(folder)
    variants = Variants(
        {"tiny": BUNDLE},
        DATA,
        store,
        farm,
        seed=SEED,
        stage=unseen,
    )
    costs = Costs(read_constants(), read_macro())
    return Explorer(variants, costs, DATA.digest, store, farm, Extent(SEED, CHIPS, IMAGES, 0.5))


AXES: dict[str, list[Any]] = {
    "bundle": ["zoo:digits"],
    "rows": [32, 64, 128],
    "cols": [16],
    "adc_bits": [4, 6, 0],
    "cell_bits": [2, 4],
    "device": ["cmo-hfox"],
}
SOUGHT = ("accuracy", "energy", "latency")


def exploration(**changes: Any) -> Exploration:
    """18 points of which more rows cost accuracy, and more bits cost energy and latency."""
    rows = []
    for number, values in enumerate(product(*AXES.values())):
        point = dict(zip(AXES, values, strict=True))
        bits = point["adc_bits"] or 9
        accuracy = 0.99 - 0.002 * point["rows"] / bits**2 - 0.01 / point["cell_bits"]
        found = {
            "accuracy_mean": accuracy,
            "accuracy_p5": accuracy - 0.002,
            "accuracy_min": accuracy - 0.003,
            "yield": 1.0,
            "energy_paper_nj": 40.0,
            "energy_full_nj": 10.0 + 2.0**bits / (point["rows"] + 1),
            "energy_macs_nj": 6.0,
            "energy_quantiser_nj": 3.0,
            "energy_cells_nj": 1.0,
            "energy_adc_nj": 2.0**bits / (point["rows"] + 1),
            "latency_ns": 10.0 * bits,
            "area_mm2": 0.01 * point["rows"],
            "area_cells_mm2": 0.004 * point["rows"],
            "area_adcs_mm2": 0.006 * point["rows"],
            "storage_bits": 20_000,
        }
        rows.append({"point": number, **point, **found})
    whole = Exploration(
        command="engram explore zoo:digits --rows 32,64,128 --adc-bits 4,6,0 --cell-bits 2,4",
        digest="ab" * 32,
        data="digits",
        bundles={"zoo:digits": "cd" * 32},
        seed=0,
        chips=10,
        images=181,
        test_images=355,
        search="grid",
        axes=AXES,
        objectives={name: OBJECTIVES[name]._asdict() for name in SOUGHT},
        left_out={},
        finished=True,
        rows=rows,
        front=[],
        tested={},
    )
    whole = with_rows(whole, rows)
    tests = {point: {"accuracy_mean": 0.97, "accuracy_p5": 0.965} for point in whole.front}
    return replace(whole, **{"tested": tests, **changes})


def with_rows(found: Exploration, rows: list[dict[str, Any]], *objectives: str) -> Exploration:
    """The same exploration with other rows, perhaps other objectives, and the front that these have."""
    sought = {name: OBJECTIVES[name]._asdict() for name in objectives} or found.objectives
    order = losses(rows, [Objective(**objective) for objective in sought.values()])
    front = [rows[place]["point"] for place in pareto_front(order)] if rows else []
    return replace(found, rows=rows, front=front, objectives=sought)


SIZES = ("--rows", "6,8", "--cols", "3,4", "--cols-per-adc", "1,4", "--adc-bits", "2,4", "--cell-bits", "2,4")
"""Options for a space of 32 points, of which some are impossible."""
QUICK = ("--scheduler", "none", "--chips", "2", "--images", "20")


def explored(*arguments: str) -> tuple[str, str]:
    """What ``engram explore tiny.engram`` says on both streams when all goes well."""
    code, out, err = run("explore", "tiny.engram", *QUICK, *arguments)
    assert code == 0, err
    return out, err
