"""The question of an exploration."""

from dataclasses import dataclass
from pathlib import Path

from sw.bundle import Bundle
from sw.bundle.provenance import Step, recorded_name
from sw.cache import digest_of
from sw.data.parts import Dataset
from sw.explore.compute.estimator import Fpga
from sw.explore.compute.pricing import Pricing
from sw.explore.driver.trials import driven
from sw.explore.space.objectives import Objective, Wish
from sw.explore.space.settings import Setting, Settings
from sw.explore.space.space import Space
from sw.sources import code_of
from sw.version import versions_with

__all__ = ["Question"]


@dataclass(frozen=True, eq=False)
class Question:
    """The points to explore, and what to seek among them.

    Attributes
    ----------
    step
        The command that asks it.
    bundles, dataset, images
        By name; of which validation images so many are used.
    chips, yield_at
        Chips 0 .. chips - 1 of the step's seed; accuracy that a good chip reaches, or None for a point below
        the ideal array.
    space, settings
        Axes, and what their points are made of.
    search, points
        ``grid``, ``nsga2`` or ``tpe``; trials of a search.
    objectives, wish, wished, finalists, fpga
        What is sought, what is picked and in which words, how many points are built; estimator of the board,
        or None.
    costs
        Prices of the points.
    """

    step: Step
    bundles: dict[str, Bundle]
    dataset: Dataset
    images: int
    chips: int
    yield_at: float | None
    space: Space
    settings: Settings
    search: str
    points: int
    objectives: dict[str, Objective]
    wish: Wish | None
    wished: str | None
    finalists: int
    fpga: Fpga | None
    costs: Pricing

    @property
    def seed(self) -> int:
        """Of chips, clusters and the search."""
        return self.step.seed

    @property
    def board(self) -> str | None:
        """Name of the board, if there is one."""
        return self.fpga and self.fpga.board

    @property
    def digest(self) -> str:
        """SHA-256 of all that the results follow from, but for the number of trials."""
        estimator = () if self.fpga is None else (self.fpga.columns,)
        return digest_of(
            {
                "bundles": {name: bundle.digest for name, bundle in self.bundles.items()},
                "data": self.dataset.digest,
                "axes": self.space.axes,
                "objectives": list(self.objectives),
                "search": self.search,
                "extent": [self.seed, self.chips, self.images, self.yield_at],
                "board": self.board,
                "constants": self.costs.constants,
                # costs by name, because the explorer knows only that there are some
                "code": code_of(driven, self.settings.array, *self.costs.rules, *estimator),
            }
        )

    def step_of_chip(self, setting: Setting) -> Step:
        """The step that a chip of the exploration records: an exploration of its point alone.

        Other points, objectives and the search are left out, so that a point gives the same chip in every
        exploration. Also left out are switches that are off, which is their default, and the number of
        validation images unless they choose the full scale.
        """
        asked = dict(self.step.options)
        point = {axis: value for axis, value in setting.point.as_dict().items() if value is not False}
        bundle = recorded_name(str(point.pop("bundle")))
        options = {
            **point,
            "device": Path(str(point["device"])).name,
            "images": asked["images"] if setting.conditions.adc.full_scale == "auto" else None,
            "data": Path(str(asked["data"])).name if "data" in asked else None,
        }
        versions = versions_with("numpy", "scipy", "scikit-learn")
        return Step.of("explore", options, self.seed, versions, [bundle])
