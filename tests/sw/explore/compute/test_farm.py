"""Farm: the same results wherever they are computed, also when workers die; schedulers that do not answer."""

import os
import signal

import numpy as np
import pytest

from sw.errors import EngramError
from sw.explore.compute import farm as farm_module
from sw.explore.compute.farm import open_farm
from sw.farm.farm import Here, Task

pytest.importorskip("distributed")


class OtherCode:
    """A digest that is another one every time it is asked for."""

    def __init__(self):
        self.asked = 0

    def __call__(self, *places):
        self.asked += 1
        return str(self.asked)


def scaled(held, factor):
    return (held * factor).tolist()


def refused():
    raise EngramError("one line")


def dies_once(path, value):
    """End this process, the first time it is asked."""
    if not os.path.exists(path):
        open(path, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return value


def results(farm):
    held = farm.hold(np.arange(5))
    return dict(farm.run(Task(number, scaled, (held, number)) for number in range(20)))


@pytest.fixture(scope="module")
def address():
    """A scheduler with two workers in threads of this process."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=":0"
    ) as cluster:
        yield cluster.scheduler_address


def test_results_are_the_same_here_and_there(address):
    with open_farm(address, None) as farm:
        assert farm.processes == 2
        assert results(farm) == results(Here()) == {n: [n * k for k in range(5)] for n in range(20)}


def test_an_error_of_a_task_is_raised(address):
    with open_farm(address, None) as farm, pytest.raises(EngramError, match="one line"):
        list(farm.run([Task(0, refused, ())]))


def test_workers_with_other_code_are_refused(address, monkeypatch):
    monkeypatch.setattr(farm_module, "code_of", OtherCode())
    with (
        open_farm(address, None) as farm,
        pytest.raises(EngramError, match="must have the same Engram and the same libraries as this process"),
    ):
        list(farm.run([Task(0, refused, ())]))


def test_a_run_that_is_left_leaves_nothing_going(address):
    with open_farm(address, None) as farm:
        run = farm.run(Task(number, scaled, (np.arange(3), number)) for number in range(1_000))
        next(run)
        run.close()
        assert len(results(farm)) == 20


def test_a_worker_that_is_killed_costs_nothing_but_time(tmp_path):
    with open_farm("local", 2) as farm:
        held = farm.hold(7)
        tasks = [Task(number, dies_once, (str(tmp_path / "died"), held)) for number in range(6)]
        assert dict(farm.run(tasks)) == dict.fromkeys(range(6), 7)
    assert (tmp_path / "died").exists()


def answers_sigint(value):
    os.kill(os.getpid(), signal.SIGINT)
    return value


def test_local_workers_leave_ctrl_c_to_the_process_that_waits_and_keep_their_memory():
    with open_farm("local", 1) as farm:
        assert dict(farm.run([Task(0, answers_sigint, (5,)), Task(1, os.getppid, ())]))[0] == 5
        names = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")
        found = dict(farm.run([Task(name, os.getenv, (name,)) for name in names]))
    assert found == dict.fromkeys(names, str(2**30))  # Dask's own 65536 costs a third of the time


@pytest.mark.parametrize(
    ("scheduler", "said"),
    [
        ("tcp://127.0.0.1:9", "no scheduler answers at tcp://127.0.0.1:9 within 1 s"),
        ("tcp://nowhere.invalid:8786", "no scheduler answers at"),
        ("carrier://pigeon", "no scheduler answers at carrier://pigeon"),
        ("somewhere", "--scheduler must be 'local', 'none' or an address"),
    ],
)
def test_a_scheduler_that_does_not_answer_is_one_line(scheduler, said, monkeypatch):
    monkeypatch.setattr(farm_module, "ANSWER_SECONDS", 1)
    with pytest.raises(EngramError, match=said) as error, open_farm(scheduler, None):
        raise AssertionError("not reached")
    assert "\n" not in str(error.value)


def test_a_scheduler_without_workers_is_one_line(monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr(farm_module, "IDLE_SECONDS", 1)
    with LocalCluster(n_workers=0, processes=False, protocol="tcp", dashboard_address=":0") as cluster:
        with (
            open_farm(cluster.scheduler_address, None) as farm,
            pytest.raises(EngramError, match="must have workers"),
        ):
            list(farm.run([Task(0, scaled, (np.arange(2), 1))]))
