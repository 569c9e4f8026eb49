"""Programs beside this process: none outlives the block."""

import subprocess
import sys
from functools import partial

import pytest

from sw.farm import programs
from sw.farm.programs import ended

SLEEP = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)",
]


def started(command):
    program = subprocess.Popen(command, stdout=subprocess.PIPE)
    with program.stdout as said:
        said.readline()
    return program


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError])
def test_whatever_ends_the_block_ends_the_programs(failure):
    with pytest.raises(failure), ended([partial(started, SLEEP)] * 2) as running:
        assert [program.poll() for program in running] == [None, None]
        raise failure
    assert [program.returncode for program in running] == [-15, -15]


def test_a_program_that_does_not_start_ends_those_before_it():
    first = []

    def starts():
        yield lambda: first.append(started(SLEEP)) or first[0]
        yield lambda: started(["/no/such/program"])

    with pytest.raises(FileNotFoundError), ended(starts()):
        raise AssertionError("the block is never entered")
    assert first[0].returncode == -15


def test_one_that_will_not_end_is_killed(monkeypatch):
    monkeypatch.setattr(programs, "GRACE_S", 0.2)
    with ended([partial(started, STUBBORN)]) as (program,):
        pass
    assert program.returncode == -9


def test_one_that_has_ended_keeps_its_answer():
    with ended([partial(subprocess.Popen, [sys.executable, "-c", "raise SystemExit(3)"])]) as (program,):
        assert program.wait() == 3
    assert program.returncode == 3
