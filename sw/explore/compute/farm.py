"""The farm of an exploration: workers of a Dask cluster, whatever machine they are on, or this process."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any

from sw.errors import EngramError
from sw.farm.farm import Farm, Here, Task
from sw.files import scratch_folder
from sw.sources import code_of
from sw.system.signals import deferred

__all__ = ["HERE", "LOCAL", "open_farm"]

LOCAL, HERE = "local", "none"
ANSWER_SECONDS = 5
"""How long a scheduler may take to answer."""
IDLE_SECONDS = 60
"""How long there may be no worker at all."""
WINDOW = 4
"""Tasks per worker that are handed out at a time."""
LARGE = 2**30
"""Bytes of a task from which Dask warns; values that workers hold are meant to be large."""
BEFORE = "distributed.nanny.pre-spawn-environ"
WORKERS = {f"{BEFORE}.MALLOC_{what}_THRESHOLD_": LARGE for what in ("TRIM", "MMAP")}
"""Dask has workers give memory back to the system above 64 kB. Every task asks for the same arrays again, and
getting their pages anew took a third of the time; so a worker keeps what it has."""


class Cluster:
    """Workers of a Dask cluster.

    A worker that dies takes its tasks along, which others then compute; what was held there is sent again.

    Parameters
    ----------
    client
        Of the cluster.
    address
        Of its scheduler, if the workers may have another Engram: they are asked before they compute anything.
    """

    def __init__(self, client: Any, address: str | None = None) -> None:
        self._client, self._address = client, address
        self._checked: set[Callable[..., Any]] = set()

    @property
    def processes(self) -> int:
        """Threads of all workers."""
        return sum(self._client.nthreads().values()) or 1

    def hold(self, value: Any) -> Any:
        """A future whose value the scheduler can have made again: it knows the call, value included."""
        return self._client.submit(_same, value, pure=False)

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Any, Any]]:
        """Results as they come; every worker has :data:`WINDOW` tasks at a time."""
        left = iter(tasks)
        going: dict[Any, Any] = {}
        try:
            while True:
                for task in islice(left, max(0, WINDOW * self.processes - len(going))):
                    self._check(task.function)
                    future = self._client.submit(task.function, *task.arguments, pure=False)
                    going[future] = task.key
                if not going:
                    return
                for future in self._finished(list(going)):
                    yield going.pop(future), _result_of(future)
        finally:
            if going and self._client.status == "running":
                self._client.cancel(list(going), force=True)

    def _check(self, function: Callable[..., Any]) -> None:
        """Refuse workers that would compute something else."""
        if self._address is None or function in self._checked:
            return
        try:
            theirs = self._client.run(code_of, function)
        except (ImportError, OSError) as error:
            raise EngramError(
                f"the workers of {self._address} must have this Engram installed, got {error}"
            ) from None
        other = [worker for worker, digest in theirs.items() if digest != code_of(function)]
        if other:
            raise EngramError(
                f"the workers of {self._address} must have the same Engram and the same libraries as this "
                f"process, {other[0]} has others; install these there"
            )
        self._checked.add(function)

    def _finished(self, futures: list[Any]) -> list[Any]:
        from distributed import wait

        idle = 0
        while idle < IDLE_SECONDS:
            try:
                return list(wait(futures, timeout=1, return_when="FIRST_COMPLETED").done)
            except TimeoutError:
                idle = 0 if self._client.status == "running" and self._client.nthreads() else idle + 1
        raise EngramError(
            f"the scheduler must have workers, it has had none for {IDLE_SECONDS} s; start some, and the "
            "same command goes on"
        )


@contextmanager
def open_farm(scheduler: str, jobs: int | None) -> Iterator[Farm]:
    """Processes to compute with.

    Parameters
    ----------
    scheduler
        ``local``: as many processes of this machine as `jobs` says, all cores if None, each with its share of
        the memory. ``none``: this process alone. Else the address of a Dask scheduler, ``tcp://host:port``.
    jobs
        Processes of ``local``.

    Raises
    ------
    EngramError
        If the address is none, or nobody answers there.
    """
    if scheduler == HERE:
        yield Here()
        return
    if scheduler != LOCAL and "://" not in scheduler:
        raise EngramError(
            f"--scheduler must be '{LOCAL}', '{HERE}' or an address such as tcp://host:8786, "
            f"got {scheduler!r}"
        )
    import dask
    from distributed import Client, LocalCluster

    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    own = {"distributed.admin.large-graph-warning-threshold": LARGE, **WORKERS}
    with dask.config.set(own), scratch_folder("dask") as folder:
        if scheduler != LOCAL:
            with _connected(Client, scheduler) as client:
                yield Cluster(client, scheduler)
            return
        with ExitStack() as stack:
            with deferred():  # Dask cannot be left half started
                cluster = LocalCluster(
                    n_workers=jobs or os.cpu_count() or 1,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    local_directory=str(folder),
                    silence_logs=logging.CRITICAL,
                )
                client = stack.enter_context(Client(stack.enter_context(cluster)))
            yield Cluster(client)


def _connected(client: Callable[..., Any], address: str) -> Any:
    try:
        return client(address, timeout=ANSWER_SECONDS)
    except (OSError, ValueError) as error:
        reason = type(error).__name__
        raise EngramError(
            f"no scheduler answers at {address} within {ANSWER_SECONDS} s ({reason}); start one with "
            "'dask scheduler', or use --scheduler local"
        ) from None


def _result_of(future: Any) -> Any:
    from distributed import CancelledError, KilledWorker

    try:
        return future.result()
    except KilledWorker:
        raise EngramError(
            "a task must not end its worker, one did several times; if memory ran out, use fewer --jobs"
        ) from None
    except CancelledError:
        raise EngramError(
            "the scheduler must stay, it went away; what is done is kept: start it, then the same command "
            "goes on"
        ) from None


def _same(value: Any) -> Any:
    return value
