"""Work beside the rest ends with the block that it is for, however the block ends."""

import sys
import threading

import pytest

from sw.system.beside import beside
from sw.system.programs import Program, run, running_of

FOR_EVER = [sys.executable, "-c", "import time; time.sleep(1_000)"]


def test_the_result_is_there_in_the_block_and_the_work_has_ended_after_it() -> None:
    with beside(lambda: 6 * 7) as work:
        assert work.result() == work.result() == 42
    ended: list[int] = []
    with beside(lambda: ended.append(1)):
        pass
    assert ended == [1]


def test_an_exception_comes_where_the_result_is_asked_for_or_at_the_end() -> None:
    def fail() -> None:
        raise ValueError("of the work")

    with pytest.raises(ValueError, match="of the work"), beside(fail) as work:
        work.result()
    reached = False
    with pytest.raises(ValueError, match="of the work"), beside(fail):
        reached = True
    assert reached


def test_a_block_that_fails_ends_what_the_work_has_started() -> None:
    started = threading.Event()
    codes: list[int] = []

    def work() -> None:
        for _ in range(2):  # and what it starts thereafter
            started.set()
            codes.append(run(FOR_EVER).returncode)

    with pytest.raises(KeyboardInterrupt), beside(work):
        started.wait()
        raise KeyboardInterrupt
    assert codes == [-15, -15]


def test_programs_are_told_apart_by_the_thread_that_started_them() -> None:
    mine = threading.get_ident()
    program = Program(FOR_EVER)
    try:
        with beside(lambda: running_of(threading.get_ident())) as work:
            assert (running_of(mine), work.result()) == ([program], [])
    finally:
        program.end()
    assert running_of(mine) == []
