"""What tests of the explorer share: a tiny bundle, a data set for it, and a space of points."""

from pathlib import Path

import numpy as np

from sw.bundle import Bundle, DataOrigin, Provenance
from sw.commands.explore_axes import array_of, space_of
from sw.datasets import Dataset
from sw.energy_constants import read_constants
from sw.evaluate import features_of, with_ideal_array
from sw.explore.costs import Costs, read_macro
from sw.explore.exploration import Explorer, Extent
from sw.explore.farm import Farm, Here
from sw.explore.settings import Setting, Settings
from sw.explore.store import Store
from sw.explore.variants import Variants
from sw.reference import pipeline
from tests.bundles import random_bundle, random_images, tiny_design

__all__ = ["BUNDLE", "CHIPS", "DATA", "IMAGES", "SEED", "CountingFarm", "explorer_in", "settings_of"]

SEED, CHIPS, IMAGES = 5, 3, 40


def _data(bundle: Bundle) -> Dataset:
    """Images whose classes are what the ideal array says, but for every seventh."""
    parts = []
    for seed, count in ((1, 90), (2, 50), (3, 30)):
        images = random_images(bundle.design, count, seed)
        truth = pipeline.classify(with_ideal_array(bundle), features_of(bundle, images))
        truth[::7] = (truth[::7] + 1) % bundle.design.classes
        truth[: bundle.design.classes * 4] = np.arange(bundle.design.classes * 4) % bundle.design.classes
        parts += [images, truth.astype(np.uint8)]
    return Dataset("tiny", *parts, classes=bundle.design.classes)


_UNTRAINED = random_bundle(tiny_design(thresholds_per_feature=3), 11)
DATA = _data(_UNTRAINED)
BUNDLE = _UNTRAINED.with_(
    provenance=Provenance(engram_version="1", data=DataOrigin(name="tiny", digest=DATA.digest))
)


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


def explorer_in(folder: Path, farm: Farm | None = None) -> Explorer:
    """An explorer of the tiny bundle with a store in that folder."""
    farm, store = farm or Here(), Store(folder)
    variants = Variants(
        {"tiny": BUNDLE},
        DATA,
        store,
        farm,
        seed=SEED,
        stage=lambda name, total, note: lambda count: None,
    )
    costs = Costs(read_constants(), read_macro())
    return Explorer(variants, costs, DATA.digest, store, farm, Extent(SEED, CHIPS, IMAGES, 0.5))
