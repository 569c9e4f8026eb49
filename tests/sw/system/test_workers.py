"""Processes of pools: they end with the process that started them."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from sw.system.workers import ended_on_error, tie_to_parent

OWNER = """
import multiprocessing, sys, time
from concurrent.futures import ProcessPoolExecutor
from os import getpid
from sw.system.workers import tie_to_parent

if __name__ == "__main__":
    pool = ProcessPoolExecutor(2, multiprocessing.get_context(sys.argv[1]), initializer=tie_to_parent)
    pool.submit(getpid).result()
    print(*(process.pid for process in multiprocessing.active_children()), flush=True)
    pool.submit(time.sleep, 60)
    time.sleep(60)
"""


def all_gone(processes, seconds=5.0):
    until = time.monotonic() + seconds
    while any(Path(f"/proc/{process}").exists() for process in processes) and time.monotonic() < until:
        time.sleep(0.01)
    return not any(Path(f"/proc/{process}").exists() for process in processes)


@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_they_end_with_a_parent_that_is_killed(tmp_path, way):
    script = tmp_path / "owner.py"
    script.write_text(OWNER)
    with subprocess.Popen([sys.executable, script, way], stdout=subprocess.PIPE, text=True) as owner:
        processes = [int(word) for word in owner.stdout.readline().split()]
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    assert processes and all_gone(processes)


def test_an_error_does_not_wait_for_tasks():
    with pytest.raises(KeyboardInterrupt), ProcessPoolExecutor(2, initializer=tie_to_parent) as pool:
        with ended_on_error():
            process = pool.submit(os.getpid).result()
            pool.submit(time.sleep, 60)
            raise KeyboardInterrupt
    assert all_gone([process])
