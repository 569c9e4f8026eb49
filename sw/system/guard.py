"""Runs one program and ends it, with all that it started, as soon as the process that wants it is gone.

A script that :class:`sw.system.programs.Program` starts and nobody imports, so that it begins fast. It stands
between us and the program, because only a process that lives on can end others after a SIGKILL.

    python -I -S guard.py LIFELINE GRACE COMMAND...

LIFELINE is the number of a socket. It gets the number of the error if the command cannot be started, else 0;
and when its other end closes, whatever closed it, the program gets SIGTERM, and GRACE seconds later SIGKILL.
A SIGTERM for this process does the same. It ends as the program did.
"""

import ctypes
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
"""Linux, prctl(2)."""
CANNOT_RUN = 127
DEFAULT = (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ)
"""The guard ignores the first two, and Python itself the others; a program would inherit that."""
POLL_S = 0.02


def main() -> None:
    """Run the command of the command line."""
    number, grace, command = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    ready, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    for each in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(each, lambda *_: None)  # it ends the wait below
    for each in (signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # ends come by the lifeline
    prctl(PR_SET_CHILD_SUBREAPER, 1)  # what the program leaves behind becomes ours, and is found
    os.set_inheritable(number, False)
    program, error = started(command)
    with suppress(OSError):
        os.write(number, str(error).encode())
    if error:
        sys.exit(CANNOT_RUN)
    while True:
        found, status = os.waitpid(program, os.WNOHANG)
        if found:
            end_like(status)
        came, _, _ = select.select([ready, number], [], [])
        if number in came or signal.SIGTERM in os.read(ready, 64):
            end_like(ended(program, grace))


def prctl(option: int, value: int) -> None:
    """Linux has it; elsewhere the group of the program is all that can be ended."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def started(command: list[str]) -> tuple[int, int]:
    """The program in a group of its own, and 0; or the number of the error."""
    told, tell = os.pipe()  # closes by itself when the program runs
    program = os.fork()
    if not program:
        try:
            os.setpgid(0, 0)
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            for each in DEFAULT:
                signal.signal(each, signal.SIG_DFL)
            os.execvp(command[0], command)
        except OSError as error:
            os.write(tell, str(error.errno).encode())
        finally:
            os._exit(CANNOT_RUN)
    os.close(tell)
    with os.fdopen(told, "rb") as answer:
        return program, int(answer.read() or 0)


def ended(program: int, grace: float) -> int:
    """End the program and all that it started; its status."""
    signal_group(program, signal.SIGTERM)
    until = time.monotonic() + grace
    found, status = os.waitpid(program, os.WNOHANG)
    while not found and time.monotonic() < until:
        time.sleep(POLL_S)
        found, status = os.waitpid(program, os.WNOHANG)
    signal_group(program, signal.SIGKILL)
    if not found:
        _, status = os.waitpid(program, 0)
    # each that ends hands its own children to us, so this comes to an end when there are no more
    with suppress(ChildProcessError):
        while True:
            for child in children():
                signal_group(child, signal.SIGKILL)
                with suppress(OSError):
                    os.kill(child, signal.SIGKILL)
            if not os.waitpid(-1, os.WNOHANG)[0]:
                time.sleep(POLL_S)
    return status


def signal_group(group: int, number: int) -> None:
    """Signal all processes of a group, if there are any."""
    with suppress(OSError):
        os.killpg(group, number)


def children() -> list[int]:
    """Our own, as Linux lists them."""
    with suppress(OSError):
        listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
        return [int(word) for word in listed.split()]
    return []


def end_like(status: int) -> None:
    """End as the program did."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if -code not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        no_core_dump()
        os.kill(os.getpid(), -code)
    os._exit(code)


def no_core_dump() -> None:
    """The program has written its own, if it was to."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
