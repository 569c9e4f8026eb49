"""Exploration: accuracies and costs of points, where points that program the same chips share the work."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.cache import Store, digest_of
from sw.data.parts import PartName
from sw.explore.compute.accuracy import Chips, chosen_full_scale, right_answers
from sw.explore.compute.estimator import Fpga
from sw.explore.compute.images import Images
from sw.explore.compute.memo import Memo
from sw.explore.compute.pricing import Pricing
from sw.explore.compute.variants import Variants
from sw.explore.space.settings import Setting, Variant, sizes_matter, sizes_of
from sw.farm.farm import Farm, Task
from sw.progress import Done
from sw.rram.chip.record import Record, flat
from sw.rram.devices.device import Device
from sw.rram.effects.conditions import Conditions
from sw.sources import code_of

__all__ = ["Explorer", "Extent"]


class Extent(NamedTuple):
    """How much is computed for every point.

    Attributes
    ----------
    seed, chips
        Chips 0 .. chips - 1 of that seed.
    images
        Of the validation part; None is all.
    yield_at
        Accuracy that a good chip reaches.
    """

    seed: int
    chips: int
    images: int | None
    yield_at: float


class Explorer:
    """Computes points, or finds them in the store.

    Parameters
    ----------
    variants, costs
        Of the bundles.
    data
        Digest of the data set.
    store, farm
        Keep and compute results.
    extent
        How much.
    """

    def __init__(
        self, variants: Variants, costs: Pricing, data: str, store: Store, farm: Farm, extent: Extent
    ) -> None:
        self._variants, self._costs, self._data = variants, costs, data
        self._farm, self._extent = farm, extent
        self._devices: dict[int, tuple[Device, Record]] = {}
        self._held: dict[Any, Any] = {}
        self._ranges, self._right, self._estimates = (
            Memo(store, kind) for kind in ("ranges", "chips", "fpga")
        )
        self.fpga: Fpga | None = None
        """Estimator of the points, if there is any."""
        self.computed = 0
        """Points whose accuracy was not in the store."""

    def recall(self, settings: Sequence[Setting]) -> None:
        """Fetch what is in the store of points on the validation images, and compute nothing."""
        for setting in settings:
            if self._variants.kept(setting.variant):
                self._recall_range(setting)
                self._right.recall(self._key(setting, "validation", self._extent.images))
                if self.fpga is not None:
                    self._estimates.recall(self._fpga_key(setting, self.fpga))

    def compute(self, settings: Sequence[Setting], done: Done = lambda points: None) -> None:
        """Accuracies of points on the validation images; `done` hears how many more there are."""
        self.choose_ranges(settings)
        self._compute(settings, "validation", self._extent.images, done)

    def estimate(self, settings: Sequence[Setting], done: Done = lambda points: None) -> None:
        """Estimates on the FPGA, once for all points whose chips are programmed and read alike."""
        if (fpga := self.fpga) is None:
            return
        members: dict[str, list[Setting]] = {}
        for setting in settings:
            members.setdefault(digest_of(self._fpga_key(setting, fpga)), []).append(setting)
        wanted = {}
        for digest, alike in members.items():
            if self._estimates.recall(key := self._fpga_key(alike[0], fpga)):
                done(len(alike))
            else:
                wanted[digest] = key
        tasks = (
            Task(digest, fpga.columns, self._fpga_arguments(members[digest][0], fpga)) for digest in wanted
        )
        for digest, columns in self._farm.run(tasks):
            self._estimates.put(wanted[digest], columns)
            done(len(members[digest]))

    def compute_test(self, settings: Sequence[Setting], done: Done = lambda points: None) -> None:
        """Accuracies on all test images, for points that were computed; nothing is chosen by them."""
        self._compute(settings, "test", None, done)

    def row(self, setting: Setting) -> dict[str, Any] | None:
        """Columns of a point on the validation images; None if it has not been computed."""
        accuracies = self.accuracies(setting, "validation")
        if accuracies is None:
            return None
        columns = self.costs(setting)
        if self.fpga is not None:
            estimate = self._estimates.held(self._fpga_key(setting, self.fpga))
            if estimate is None:
                return None
            columns |= estimate
        return {**setting.point.as_dict(), **_accuracy_columns(accuracies, self._extent.yield_at), **columns}

    def costs(self, setting: Setting) -> dict[str, float]:
        """Columns of what a point costs, whether its accuracy has been computed or not."""
        images = self._variants.images(setting.variant, "validation", self._extent.images)
        bundle = self._variants.bundle(setting.variant)
        return self._costs.columns(setting.variant, bundle, images, setting.design, self.conditions(setting))

    def test_row(self, setting: Setting) -> dict[str, Any] | None:
        """Accuracies of a point on the test images; None if they have not been computed."""
        accuracies = self.accuracies(setting, "test")
        if accuracies is None:
            return None
        return _accuracy_columns(accuracies, self._extent.yield_at)

    def accuracies(self, setting: Setting, part: PartName) -> NDArray[np.float64] | None:
        """Accuracies (chips,) of a point, or None."""
        if not self._variants.made(setting.variant):
            return None
        count = self._count(part)
        right = self._right.held(self._key(setting, part, count))
        if right is None:
            return None
        return np.array(right) / len(self._variants.images(setting.variant, part, count).truth)

    def conditions(self, setting: Setting) -> Conditions:
        """Conditions of a point, with the full scale that was chosen where one was asked for."""
        if setting.conditions.adc.full_scale != "auto" or setting.conditions.adc.bits is None:
            return setting.conditions
        adc = self._ranges.held(self._range_key(setting))
        return setting.conditions if adc is None else setting.conditions.with_(adc=adc)

    def _count(self, part: PartName) -> int | None:
        return self._extent.images if part == "validation" else None

    def choose_ranges(self, settings: Sequence[Setting]) -> None:
        """Choose full scales where asked for, once for all points that program the same chip."""
        wanted = [setting for setting in settings if not self._recall_range(setting)]
        keyed = {digest_of(key): (setting, key) for setting in wanted for key in [self._range_key(setting)]}
        tasks = (
            Task(digest, chosen_full_scale, self._arguments([setting], "validation", 1))
            for digest, (setting, _) in keyed.items()
        )
        for digest, (adc,) in self._farm.run(tasks):
            self._ranges.put(keyed[digest][1], adc)

    def _recall_range(self, setting: Setting) -> bool:
        """Whether the full scale of a point is known, or need not be."""
        if self.conditions(setting).adc.full_scale != "auto":
            return True
        return self._ranges.recall(self._range_key(setting))

    def _fpga_arguments(self, setting: Setting, fpga: Fpga) -> tuple[Any, ...]:
        bundle, _, chips = self._arguments([setting], "validation", 1)
        return bundle, chips, fpga.board

    def _fpga_key(self, setting: Setting, fpga: Fpga) -> dict[str, Any]:
        key = self._key(setting, "validation", None) | {"images": None, "chips": 1}
        return key | {"fpga": [code_of(fpga.columns), fpga.board]}

    def _compute(self, settings: Sequence[Setting], part: PartName, count: int | None, done: Done) -> None:
        keys: dict[str, Any] = {}
        points: dict[str, int] = {}
        members: dict[str, dict[str, Setting]] = {}
        for setting in settings:
            key = self._key(setting, part, count)
            digest = digest_of(key)
            points[digest] = points.get(digest, 0) + 1
            keys[digest] = key
            if not self._right.recall(key):
                members.setdefault(digest_of(_group(key)), {})[digest] = setting
        done(sum(number for digest, number in points.items() if self._right.held(keys[digest]) is not None))
        for digests, found in self._farm.run(self._tasks(members.values(), part)):
            for digest, right in zip(digests, found, strict=True):
                self._right.put(keys[digest], right)
                self.computed += points[digest] if part == "validation" else 0
                done(points[digest])

    def _tasks(self, groups: Iterable[dict[str, Setting]], part: PartName) -> Iterator[Task]:
        for group in groups:
            arguments = self._arguments(list(group.values()), part, self._extent.chips)
            yield Task(tuple(group), right_answers, arguments)

    def _arguments(self, settings: Sequence[Setting], part: PartName, chips: int) -> tuple[Any, ...]:
        first = settings[0]
        sizes = sizes_of(first.design)
        readouts = tuple(self.conditions(setting) for setting in settings)
        return (
            self._hold((first.variant,), lambda: self._variants.bundle(first.variant)),
            self._hold((first.variant, part), lambda: self._images(first.variant, part)),
            Chips(sizes, first.device, readouts, chips, self._extent.seed),
        )

    def _images(self, variant: Variant, part: PartName) -> Images:
        return self._variants.images(variant, part, self._count(part))

    def _hold(self, key: Any, make: Callable[[], Any]) -> Any:
        if key not in self._held:
            self._held[key] = self._farm.hold(make())
        return self._held[key]

    def _key(self, setting: Setting, part: PartName, count: int | None) -> dict[str, Any]:
        """All that the answers of a point's chips follow from."""
        device, conditions = setting.device, self.conditions(setting)
        if id(device) not in self._devices:
            self._devices[id(device)] = (
                device,
                flat("", dict(device)),
            )  # kept alive, so that its id stays its own
        design, matter = setting.design, sizes_matter(device, conditions)
        return {
            "code": code_of(right_answers, chosen_full_scale),
            "templates": self._variants.digest(setting.variant),
            "images": [self._data, part, count],
            "rows": design.rows,
            "sizes": [design.cols, design.cols_per_adc] if matter else None,
            "device": self._devices[id(device)][1],
            "conditions": conditions.model_dump(mode="json"),
            "seed": self._extent.seed,
            "chips": self._extent.chips,
        }

    def _range_key(self, setting: Setting) -> dict[str, Any]:
        adc = setting.conditions.adc.model_dump(mode="json")
        key = self._key(
            setting._replace(conditions=setting.conditions.with_(adc={"bits": None})), "validation", 1
        )
        return key | {"images": [self._data, "validation", self._extent.images], "adc": adc, "chips": 1}


def _group(key: dict[str, Any]) -> dict[str, Any]:
    """Key of a group of chips that are programmed alike: without their ADCs."""
    conditions = {name: value for name, value in key["conditions"].items() if name != "adc"}
    return key | {"conditions": conditions}


def _accuracy_columns(accuracies: NDArray[np.float64], yield_at: float) -> dict[str, float]:
    return {
        "accuracy_mean": float(accuracies.mean()),
        "accuracy_p5": float(np.percentile(accuracies, 5)),
        "accuracy_min": float(accuracies.min()),
        "yield": float(np.mean(accuracies >= yield_at)),
    }
