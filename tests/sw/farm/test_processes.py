"""Processes of this machine: what they hold, their order, and that none is left."""

import os
import signal
import time

import pytest

from sw.errors import EngramError
from sw.farm.farm import Task, in_order
from sw.farm.processes import Processes, default_jobs


def added(held, more):
    return held[0] + more


def process_after(seconds):
    time.sleep(seconds)
    return os.getpid()


def is_running(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_results_come_in_order_and_held_values_are_filled_in():
    processes = Processes(2)
    held, other = processes.hold([10]), processes.hold([20])
    heard = []
    with processes:
        assert in_order(processes, added, range(5), held, done=heard.append) == [10, 11, 12, 13, 14]
        assert list(processes.run([Task("a", added, (other, 1))])) == [("a", 21)]
        with pytest.raises(RuntimeError, match="hold values before the processes start"):
            processes.hold(1)
    assert heard == [1] * 5


def test_late_tasks_come_in_order_too():
    with Processes(2) as processes:
        first, second = in_order(processes, process_after, [0.3, 0])
    assert first != second and os.getpid() not in (first, second)


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError])
def test_whatever_ends_the_block_ends_the_processes(failure):
    ran = []
    with pytest.raises(failure), Processes(2) as processes:
        tasks = (Task(number, process_after, (0.1,)) for number in range(100))
        for _, process in processes.run(tasks):
            ran.append(process)
            raise failure
    assert len(ran) == 1 and not is_running(ran[0])


def test_what_a_task_raises_is_raised():
    with Processes(2) as processes, pytest.raises(ZeroDivisionError):
        in_order(processes, divmod, [1, 0, 1], 7)


def test_ctrl_c_is_for_the_process_that_waits():
    with Processes(1) as processes:
        (process,) = in_order(processes, process_after, [0])
        os.kill(process, signal.SIGINT)
        assert in_order(processes, process_after, [0]) == [process]


def test_a_process_that_is_ended_from_outside_is_one_line():
    with Processes(1) as processes:
        (process,) = in_order(processes, process_after, [0])
        os.kill(process, signal.SIGKILL)
        with pytest.raises(EngramError, match="one was; if memory ran out, use fewer --jobs"):
            in_order(processes, process_after, [1, 1])


def test_there_is_a_job_for_every_core():
    assert default_jobs() == os.cpu_count()
