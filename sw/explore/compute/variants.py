"""Variants: bundles with the templates and thresholds that points ask for, made once and kept on disk."""

from collections.abc import Mapping
from pathlib import Path

from sw.bundle import Bundle
from sw.bundle.file import from_bytes
from sw.bundle.ideal import with_ideal_array
from sw.cache import Store
from sw.cache.kept import used
from sw.data.parts import Dataset, PartName
from sw.errors import EngramError
from sw.explore.compute.features import Features
from sw.explore.compute.images import Images, images_of, piece_maps
from sw.explore.compute.templates import remade
from sw.explore.space.settings import Variant
from sw.farm.farm import Farm
from sw.progress import OpenStage
from sw.sources import code_of
from sw.templates.maker import Maker

__all__ = ["Variants"]


class Variants:
    """Variants of bundles of one data set.

    Parameters
    ----------
    bundles
        By what the axis ``bundle`` calls them.
    dataset
        What templates are made from.
    store, farm
        Keep and compute features.
    seed
        Of clusters.
    stage
        Hears of the stages of the work.
    """

    def __init__(
        self,
        bundles: Mapping[str, Bundle],
        dataset: Dataset,
        store: Store,
        farm: Farm,
        *,
        seed: int,
        stage: OpenStage,
    ) -> None:
        self._bundles, self._dataset, self._store, self._farm = bundles, dataset, store, farm
        self._seed, self._stage = seed, stage
        self._features = {name: Features(bundle, dataset, store) for name, bundle in bundles.items()}
        self._makers: dict[str, Maker] = {}
        self._made: dict[Variant, Bundle] = {}
        self._absent: set[Variant] = set()
        self._digests: dict[Variant, str] = {}
        self._images: dict[tuple[str, bytes, PartName, int | None], Images] = {}

    def bundle(self, variant: Variant) -> Bundle:
        """The bundle with these templates, ideal cells and ideal ADC."""
        if variant not in self._made:
            self._made[variant] = self._own(variant) or self._kept(variant) or self._make(variant)
        return self._made[variant]

    def made(self, variant: Variant) -> bool:
        """Whether that bundle is in memory."""
        return variant in self._made

    def kept(self, variant: Variant) -> bool:
        """Whether that bundle is on disk, from where it then comes, or need not be made."""
        if variant not in self._made and variant not in self._absent:
            bundle = self._own(variant) or self._kept(variant)
            if bundle is None:
                self._absent.add(variant)
            else:
                self._made[variant] = bundle
        return variant in self._made

    def digest(self, variant: Variant) -> str:
        """Digest of that bundle."""
        if variant not in self._digests:
            self._digests[variant] = self.bundle(variant).digest
        return self._digests[variant]

    def images(self, variant: Variant, part: PartName, count: int | None) -> Images:
        """Word-line values, in Fortran order, and classes of the first `count` images of a part."""
        bundle = self.bundle(variant)
        key = variant.bundle, bundle.feature_thresholds.tobytes(), part, count
        if key not in self._images:
            maps = self._maps(variant.bundle, part, count)
            truth = self._dataset.parts[part].labels[: len(maps)]
            self._images[key] = images_of(bundle, maps, truth)
        return self._images[key]

    def _maps(self, name: str, part: PartName, count: int | None = None):
        features = self._features[name]
        total = features.count(part, count)
        if features.known(part, total):
            return features.maps(part, total, self._farm)
        with self._stage(f"features, {part}", total, "images") as stage:
            return features.maps(part, total, self._farm, stage.done)

    def _path(self, variant: Variant) -> Path:
        bundle = self._bundles[variant.bundle]
        key = {
            "code": code_of(remade, piece_maps),
            "bundle": bundle.digest,
            "data": self._dataset.digest,
            "seed": self._seed,
            "thresholds": variant.thresholds,
            "templates_per_class": variant.templates_per_class,
        }
        return self._store.path("templates", key, ".engram")

    def _own(self, variant: Variant) -> Bundle | None:
        """The bundle as it was trained, if that is what the variant asks for."""
        design = self._bundles[variant.bundle].design
        own = design.thresholds_per_feature, design.templates_per_class
        return with_ideal_array(self._bundles[variant.bundle]) if variant[1:] == own else None

    def _kept(self, variant: Variant) -> Bundle | None:
        path = self._path(variant)
        try:
            found = from_bytes(path.read_bytes(), str(path))
        except (OSError, EngramError):
            return None
        used(path)
        return found

    def _make(self, variant: Variant) -> Bundle:
        name, trained = variant.bundle, self._bundles[variant.bundle]
        if name not in self._makers:
            self._makers[name] = Maker(
                trained,
                self._dataset,
                seed=self._seed,
                stage=self._stage,
                maps=lambda part: self._maps(name, part),
                farm=self._farm,
            )
        bundle = remade(self._makers[name], variant.thresholds, variant.templates_per_class)
        self._store.write(self._path(variant), bundle.to_bytes())
        return bundle
