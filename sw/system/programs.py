"""Programs that run beside this process, none of which outlives it, however it ends.

Every child of this project is started here, but for the processes of a pool, which :mod:`sw.system.workers`
ties to us. Between us and a program stands :mod:`sw.system.guard`, a small process in a session of its own:
Ctrl-C at a terminal reaches us alone, and we end the program. It holds one end of a socket and we the other,
which the kernel closes when we end, by SIGKILL too. On Linux it also ends what the program started, such as
the compilers of make, whatever groups they are in; elsewhere, what is in the program's own group.
"""

import os
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

__all__ = ["Program", "all_ended", "run", "running_of"]

GUARD = Path(__file__).with_name("guard.py")
GRACE_S = 2.0
"""How long a program may take to end when it is asked to."""
MARGIN_S = 5.0
"""How long its guard may take beyond that."""


_known: "weakref.WeakSet[Program]" = weakref.WeakSet()
_knowing = threading.Lock()


class Program(subprocess.Popen):
    """A program with its guard, whose number, signals and exit code stand for those of the program.

    Parameters
    ----------
    command
        Its first word is looked up on the PATH of the environment.
    grace
        Seconds that it may take to end after SIGTERM; it is killed then.
    pass_fds
        Files that it gets, by their numbers.
    options
        Those of :class:`subprocess.Popen` for streams, folder and environment.

    Attributes
    ----------
    thread
        Number of the thread that started it.

    Raises
    ------
    OSError
        If the command cannot be run.
    """

    def __init__(
        self,
        command: Sequence[str | os.PathLike[str]],
        *,
        grace: float = GRACE_S,
        pass_fds: Sequence[int] = (),
        **options: Any,
    ) -> None:
        words = [os.fspath(word) for word in command]
        self._grace, self.thread = grace, threading.get_ident()
        self._lifeline, theirs = socket.socketpair()
        with theirs:
            guarded = [sys.executable, "-I", "-S", str(GUARD), str(theirs.fileno()), str(grace), *words]
            super().__init__(
                guarded, pass_fds=(*pass_fds, theirs.fileno()), start_new_session=True, **options
            )
        self.args = words
        try:
            said = self._lifeline.recv(16)
        except BaseException:
            self.end()
            raise
        if said != b"0":
            with self:
                pass
            number = int(said or 0)
            raise OSError(number, os.strerror(number) if number else "it does not start", words[0])
        with _knowing:
            _known.add(self)

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._lifeline.close()

    def end(self) -> None:
        """End the program and all that it started, if it has not ended, and close its streams."""
        if self.poll() is None:
            self.terminate()
            try:
                self.wait(self._grace + MARGIN_S)
            except subprocess.TimeoutExpired:
                self.kill()
                self.wait()
        for stream in (self._lifeline, self.stdin, self.stdout, self.stderr):
            if stream is not None:
                with suppress(OSError):  # what is left to be written to a program that is gone
                    stream.close()


def running_of(thread: int) -> list[Program]:
    """Programs that a thread, by its number, has started and that have not ended."""
    with _knowing:
        known = list(_known)
    return [program for program in known if program.thread == thread and program.poll() is None]


@contextmanager
def all_ended(starts: Iterable[Callable[[], Program]]) -> Iterator[list[Program]]:
    """Start programs one after the other; none outlives the block, whatever ends it."""
    running: list[Program] = []
    try:
        for start in starts:
            running.append(start())
        yield running
    finally:
        for program in running:
            if program.poll() is None:
                program.terminate()  # all of them first, so that they end at the same time
        for program in running:
            program.end()


def run(
    command: Sequence[str | os.PathLike[str]],
    *,
    given: str | None = None,
    timeout: float | None = None,
    grace: float = GRACE_S,
    **options: Any,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; it does not outlive the call.

    Parameters
    ----------
    command, grace, options
        Of :class:`Program`. Standard output and error are caught, together, unless `options` say otherwise.
    given
        Standard input; nothing if None.
    timeout
        Seconds that it may take.

    Raises
    ------
    OSError
        If it cannot be run.
    subprocess.TimeoutExpired
        If it takes longer; its `output` is what it said so far.
    """
    streams: dict[str, Any] = {
        "stdin": subprocess.DEVNULL if given is None else subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "encoding": "utf-8",
        "errors": "replace",
    }
    program = Program(command, grace=grace, **(streams | options))
    try:
        said, complained = program.communicate(given, timeout)
    finally:
        program.end()
    return subprocess.CompletedProcess(program.args, program.returncode, said, complained)
