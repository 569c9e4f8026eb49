"""Programs beside this process: none outlives the block, nor this process, whatever ends it."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from sw.system import programs
from sw.system.programs import Program, all_ended, run

SLEEP = ["sleep", "60"]
STUBBORN = ["sh", "-c", "trap '' TERM; echo; sleep 60 & wait; sleep 60"]
# it starts another process in a session of its own, as SymbiYosys does, and says both numbers
TREE = [
    sys.executable,
    "-c",
    "import os, subprocess, time\n"
    "child = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
    "print(os.getpid(), child.pid, flush=True)\n"
    "time.sleep(60)",
]


def is_running(process):
    """Whether it is there and no zombie that nobody has asked for."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def all_gone(processes, seconds=5.0):
    until = time.monotonic() + seconds
    while any(map(is_running, processes)) and time.monotonic() < until:
        time.sleep(0.01)
    return not any(map(is_running, processes))


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError])
def test_whatever_ends_the_block_ends_the_programs(failure):
    with pytest.raises(failure), all_ended([partial(Program, SLEEP)] * 2) as running:
        assert [program.poll() for program in running] == [None, None]
        raise failure
    assert [program.returncode for program in running] == [-15, -15]


def test_a_program_that_does_not_start_ends_those_before_it():
    first = []

    def starts():
        yield lambda: first.append(Program(SLEEP)) or first[0]
        yield lambda: Program(["/no/such/program"])

    with pytest.raises(FileNotFoundError, match="No such file or directory: '/no/such/program'"):
        with all_ended(starts()):
            raise AssertionError("the block is never entered")
    assert first[0].returncode == -15


def test_one_that_must_not_be_run_says_so(tmp_path):
    path = tmp_path / "program"
    path.write_text("")
    with pytest.raises(PermissionError, match=str(path)):
        Program([path])


def test_one_that_will_not_end_is_killed():
    with all_ended([partial(Program, STUBBORN, grace=0.1, stdout=subprocess.PIPE)]) as (program,):
        program.stdout.readline()
    assert program.returncode == -9


@pytest.mark.parametrize(("command", "code"), [("exit 3", 3), ("kill -9 $$", -9), ("kill -15 $$", -15)])
def test_it_ends_like_the_program(command, code):
    with all_ended([partial(Program, ["sh", "-c", command])]) as (program,):
        assert program.wait() == code
    assert program.returncode == code


def test_what_a_program_started_ends_with_it():
    with all_ended([partial(Program, TREE, stdout=subprocess.PIPE, text=True)]) as (program,):
        processes = [int(word) for word in program.stdout.readline().split()]
        assert all(map(is_running, processes))
    assert not any(map(is_running, processes))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_they_end_with_this_process_whatever_ends_it(number):
    """The process between has no handlers of ours: the kernel closes its end of the socket."""
    starter = (
        "import signal, subprocess, sys, time\n"
        "from sw.system.programs import Program\n"
        "for each in (signal.SIGHUP, signal.SIGINT):\n"  # which nohup and a shell's background ignore
        "    signal.signal(each, signal.SIG_DFL)\n"
        f"program = Program({TREE!r}, stdout=subprocess.PIPE, text=True)\n"
        "print(program.pid, program.stdout.readline(), flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starter], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as between:
        processes = [int(word) for word in between.stdout.readline().split()]
        assert len(processes) == 3 and all(map(is_running, processes))
        between.send_signal(number)
        between.wait()
    assert all_gone(processes)


def test_the_program_does_not_outlive_its_guard():
    with Program(TREE, stdout=subprocess.PIPE, text=True) as program:
        first, second = (int(word) for word in program.stdout.readline().split())
        program.kill()
        assert all_gone([first])
        os.kill(second, signal.SIGKILL)  # nobody is left who knows of it


def test_a_run_gives_what_was_said():
    done = run(
        ["sh", "-c", "read line; echo $line; echo $A; pwd; exit 3"], given="in\n", cwd="/", env={"A": "b"}
    )
    assert (done.stdout, done.returncode) == ("in\nb\n/\n", 3)
    assert run(["cat"]).stdout == ""


def test_a_run_that_takes_too_long_is_ended():
    with pytest.raises(subprocess.TimeoutExpired) as late:
        run(["sh", "-c", "echo $$; sleep 60"], timeout=0.5)
    assert all_gone([int(late.value.output)])


def test_a_program_gets_the_files_it_is_given():
    reading, writing = os.pipe()
    with Program(["sh", "-c", f"echo hello >/dev/fd/{writing}"], pass_fds=[writing]) as program:
        os.close(writing)
        with os.fdopen(reading) as file:
            assert file.read() == "hello\n"
        assert program.wait() == 0


def test_a_signal_while_it_starts_leaves_nothing(monkeypatch):
    """The socket is asked whether the program runs; there a signal comes as an exception."""
    guards = []

    class Interrupted(programs.socket.socket):
        def recv(self, size):
            guards.extend(children() - before)
            raise KeyboardInterrupt

    def children():
        return {int(process.name) for process in Path("/proc").iterdir() if is_ours(process)}

    def is_ours(process):
        try:
            return str(os.getpid()) == (process / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            return False

    before = children()  # of tests that ran here before
    pair = programs.socket.socketpair

    def socketpair():
        ours, theirs = pair()
        return Interrupted(fileno=ours.detach()), theirs

    monkeypatch.setattr(programs.socket, "socketpair", socketpair)
    with pytest.raises(KeyboardInterrupt):
        Program(SLEEP)
    assert guards and all_gone(guards)
