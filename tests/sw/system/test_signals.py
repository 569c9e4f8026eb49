"""Signals that end a command: one line, the exit code that shells know, and the second one at once."""

import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from sw.system.signals import Ended, ends_in_order, exit_code, raise_again

COMMAND = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # which is ignored where tests run in the background
signal.signal(signal.SIGHUP, signal.SIG_DFL)
import typer
from sw.console import reports_errors

@reports_errors
def command(slow: bool = False):
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        print("closing", flush=True)
        if slow:
            time.sleep(60)

typer.run(command)
"""


def started(*arguments, **options):
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        stdout=subprocess.PIPE,
        **({"stderr": subprocess.PIPE} | options),
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "ended by SIGTERM"),
        (signal.SIGHUP, 129, "ended by SIGHUP"),
    ],
)
def test_a_signal_is_one_line_and_its_exit_code(number, code, word):
    with started() as process:
        process.send_signal(number)
        process.send_signal(number)  # timeout sends its own twice
        out, err = process.communicate()
    # the second may come when all is done, and ends the process itself then; a shell calls both by one code
    assert (process.returncode in (code, -number), out) == (True, "closing\n")
    assert err == (
        f"{word}; nothing half-written is left behind, and the same command goes on with what is done\n"
    )


def test_the_second_ends_at_once():
    with started("--slow") as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "closing\n"
        time.sleep(0.6)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert (process.returncode, err) == (
        130,
        "\ninterrupted at once; the next run removes what is half-written\n",
    )


def test_a_terminal_that_is_closed_gets_no_words_and_makes_no_error():
    ours, theirs = pty.openpty()
    with started(stderr=theirs, start_new_session=True) as process:
        os.close(theirs)
        os.close(ours)
        process.send_signal(signal.SIGHUP)
        process.communicate()
    assert process.returncode == 129


def test_what_is_ignored_stays_so():
    """As nohup wants it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ends_in_order():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_are_those_of_before_after_the_block():
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    with ends_in_order(), ends_in_order():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(number) for number in numbers] == before
    assert exit_code() == 130


@pytest.fixture
def handlers():
    """Those of before, again when the test is done: once a signal came, further ones end by default."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)  # not so in the background of a shell
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_who_catches_ctrl_c_catches_all_of_them(handlers):
    with pytest.raises(KeyboardInterrupt) as end, ends_in_order():
        os.kill(os.getpid(), signal.SIGTERM)
    assert (end.type, exit_code()) == (Ended, 143)
    # what is left to do is ended by a further signal as if there were no handler
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL


DEFERRED = """
import os, signal, subprocess, sys
from sw.system.signals import deferred, ends_in_order
signal.signal(signal.SIGHUP, signal.SIG_DFL)
STATUS = "import re; print(re.search('SigBlk:(.*)', open('/proc/self/status').read())[1])"
try:
    with ends_in_order():
        with deferred(), deferred():
            os.kill(os.getpid(), signal.SIGHUP)
            signal.raise_signal(signal.SIGTERM)
            blocked = subprocess.run([sys.executable, "-c", STATUS], capture_output=True, text=True).stdout
            print("whole", all(int(blocked, 16) >> number - 1 & 1 for number in (1, 2, 15)), flush=True)
        print("never", flush=True)
except KeyboardInterrupt:
    print("ended", flush=True)
"""


def test_what_must_be_whole_is_waited_for():
    done = subprocess.run([sys.executable, "-c", DEFERRED], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("whole True\nended\n", "")


def test_a_signal_that_a_library_took_is_raised_again(handlers):
    with pytest.raises(Ended), ends_in_order():
        raise_again()  # none came yet
        with suppress(BaseException):
            os.kill(os.getpid(), signal.SIGTERM)
        raise_again()
    raise_again()  # nor is this command ending
