"""The lab that answers a question: means from outside, and everything that computes points with them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sw.bundle import Bundle
from sw.cache import Store
from sw.explore.compute.accuracy import good_accuracy
from sw.explore.compute.explorer import Explorer, Extent
from sw.explore.compute.farm import open_farm
from sw.explore.compute.variants import Variants
from sw.explore.driver.finalists import Builder
from sw.explore.driver.question import Question
from sw.explore.outcome.recommend import programmed
from sw.explore.outcome.results import Exploration
from sw.explore.space.settings import Setting, Variant
from sw.progress import SILENT, Listener

__all__ = ["Lab", "Means", "open_lab"]


@dataclass(frozen=True)
class Means:
    """By which means a question is answered; no result depends on them.

    Attributes
    ----------
    builder
        Builds finalists. This package knows no hardware, so it is handed in.
    scheduler, jobs
        As :func:`sw.explore.compute.farm.open_farm` takes them.
    storage
        Database of a search, as a URL; None is SQLite in the folder of the files.
    listener
        Hears of the work.
    show
        Gets the exploration when its front is known, before anything is picked or built.
    """

    builder: Builder
    scheduler: str = "local"
    jobs: int | None = None
    storage: str | None = None
    listener: Listener = SILENT
    show: Callable[[Exploration], None] = lambda found: None


@dataclass(frozen=True, eq=False)
class Lab:
    """Everything that computes points."""

    question: Question
    means: Means
    variants: Variants
    explorer: Explorer
    store: Store

    def chip(self, setting: Setting) -> Bundle:
        """Chip 0 of a point; its provenance says of which."""
        self.explorer.choose_ranges([setting])
        chip = programmed(self.variants, self.explorer, setting, self.question.seed)
        return chip.with_(provenance=chip.provenance.after(self.question.step_of_chip(setting)))


@contextmanager
def open_lab(question: Question, means: Means) -> Iterator[Lab]:
    """A lab for a question, with its processes."""
    store = Store()
    with open_farm(means.scheduler, means.jobs) as farm:
        variants = Variants(
            question.bundles,
            question.dataset,
            store,
            farm,
            seed=question.seed,
            stage=means.listener.stage,
        )
        yield_at = question.yield_at
        if yield_at is None:
            yield_at = _good_accuracy(question, variants)
        _check_yield(yield_at, question, means)
        explorer = Explorer(
            variants,
            question.costs,
            question.dataset.digest,
            store,
            farm,
            Extent(question.seed, question.chips, question.images, yield_at),
        )
        yield Lab(question, means, variants, explorer, store)


def _check_yield(yield_at: float, question: Question, means: Means) -> None:
    """Say where a chip that guesses would count as good."""
    classes = min(bundle.design.classes for bundle in question.bundles.values())
    if yield_at <= 1 / classes:
        means.listener.warn(
            f"the yield says little: it is at {yield_at:.2%} accuracy, and guessing among {classes} classes "
            f"reaches {1 / classes:.2%}; see --yield-at"
        )


def _good_accuracy(question: Question, variants: Variants) -> float:
    """Accuracy of a good chip of the first bundle, by its own templates and the validation images."""
    name, bundle = next(iter(question.bundles.items()))
    own = Variant(name, bundle.design.thresholds_per_feature, bundle.design.templates_per_class)
    return good_accuracy(bundle, variants.images(own, "validation", question.images))
