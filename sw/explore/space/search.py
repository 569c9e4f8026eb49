"""Search: Optuna's samplers where a space is too large for a grid.

Trials go in batches: all of a batch are asked before one of them is computed, and every trial has a sampler
with a seed of its own, from the seed and its number. So what is asked follows from what is in the storage,
and a search that was stopped goes on as if it had not been.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from sw.errors import EngramError
from sw.explore.space.objectives import Objective
from sw.explore.space.space import Point, Space

__all__ = ["BATCH", "Algorithm", "Search", "Trial"]

Algorithm = Literal["nsga2", "tpe"]
BATCH = 50
"""Trials that are asked together: the population of NSGA-II, and what TPE draws at random first."""


class Trial(NamedTuple):
    """A point that is asked for, and its number in the storage."""

    number: int
    point: Point


class Search:
    """A search, which lives in a storage.

    Parameters
    ----------
    space
        Axes; those with one value are not searched.
    objectives
        What is sought.
    algorithm
        ``nsga2``: K. Deb et al., IEEE Transactions on Evolutionary Computation 6, 2002. ``tpe``: J. Bergstra
        et al., NIPS 2011, for several objectives as Optuna does it.
    seed
        With the number of a trial, seed of its sampler.
    storage
        URL of a database as SQLAlchemy takes it.
    name
        Of the study there; the same one goes on.

    Raises
    ------
    EngramError
        If the storage cannot be used.
    """

    def __init__(
        self,
        space: Space,
        objectives: Sequence[Objective],
        algorithm: Algorithm,
        *,
        seed: int,
        storage: str,
        name: str,
    ) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space, self._algorithm, self._seed, self._storage = space, algorithm, seed, storage
        self._choices: dict[str, Any] = {
            axis: optuna.distributions.CategoricalDistribution(values)
            for axis, values in space.axes.items()
            if len(values) > 1
        }
        with self._stored():
            self._study = optuna.create_study(
                study_name=name,
                storage=storage,
                directions=["maximize" if objective.most else "minimize" for objective in objectives],
                load_if_exists=True,
            )

    def batches(self, trials: int) -> Iterator[list[Trial]]:
        """Trials up to that number, in batches; the next comes when all of one are told."""
        while batch := self._asked(trials):
            yield batch

    def tell(self, trial: Trial, values: Sequence[float] | None) -> None:
        """Values of the objectives at a trial; None where its point cannot exist."""
        from optuna.trial import TrialState

        with self._stored():
            if values is None:
                self._study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
            else:
                self._study.tell(trial.number, list(values), skip_if_finished=True)

    def all_points(self) -> list[Point]:
        """Points of all trials that were told, each once, in the order of their first trial."""
        from optuna.trial import TrialState

        with self._stored():
            done = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.FAIL))
        return list(dict.fromkeys(self._point(trial) for trial in done))

    def _asked(self, trials: int) -> list[Trial]:
        """The trials that are open: those that a stopped search left, and the rest of their batch."""
        from optuna.trial import TrialState

        with self._stored():
            known = self._study.get_trials(deepcopy=False)
            left = (each for each in known if each.state == TrialState.RUNNING)
            opened = [Trial(each.number, self._point(each)) for each in left]
            begun = len(known) % BATCH
            wanted = min(trials, len(known) + BATCH - begun) if begun or not opened else len(known)
            for number in range(len(known), wanted):
                self._study.sampler = self._sampler(number)
                trial = self._study.ask(self._choices)
                opened.append(Trial(trial.number, self._point(trial)))
        return opened

    def _point(self, trial: Any) -> Point:
        values = (trial.params.get(axis, values[0]) for axis, values in self._space.axes.items())
        return Point(tuple(self._space.axes), tuple(values))

    def _sampler(self, number: int) -> Any:
        import warnings

        import numpy as np
        import optuna

        seed = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
        if self._algorithm == "nsga2":
            return optuna.samplers.NSGAIISampler(population_size=BATCH, seed=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.samplers.TPESampler(n_startup_trials=BATCH, multivariate=True, seed=seed)

    @contextmanager
    def _stored(self) -> Iterator[None]:
        """Errors of the database become one line."""
        import optuna
        import sqlalchemy.exc

        try:
            yield
        except (optuna.exceptions.StorageInternalError, sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
            cause = error.__cause__ or error
            reason = str(getattr(cause, "orig", None) or cause).splitlines()[0]
            raise EngramError(
                f"the storage {self._storage} cannot be used ({reason}); what is done is kept: make room or "
                "give another --storage, then the same command goes on"
            ) from None
