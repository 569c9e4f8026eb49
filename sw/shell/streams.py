"""Standard output and standard error that show whatever they are given, and end the program where they end.

Three things can go wrong when a program writes what it found: the encoding lacks a character, the reader has
gone away (``| head -1``), or the disk behind the stream is full. All of them are met here, below print, Rich
and Typer, which therefore need not know.
"""

import errno
import io
import os
import sys
from typing import Any, TextIO

from sw.errors import EngramError
from sw.shell.readable import ERRORS

__all__ = ["READER_GONE", "guard_streams"]

READER_GONE = 141
"""Exit code where nobody reads any more: 128 and 13, the number of SIGPIPE, which is what shells report of a
program that this signal ended."""
OUTPUT, ERROR = 1, 2


class Descriptor(io.FileIO):
    """The raw end of a stream: what cannot be written ends the program in a way that people understand.

    After the first failure the descriptor leads nowhere, so that what still lies in buffers, here or in a
    library, goes there without a word and nothing complains a second time.

    Parameters
    ----------
    number
        The file descriptor; it stays open when this object ends.
    answers
        Whether the answer goes here, without which the command has failed.
    """

    def __init__(self, number: int, *, answers: bool) -> None:
        super().__init__(number, "w", closefd=False)
        self._answers = answers

    def write(self, data: Any, /) -> Any:
        """Write some of the data.

        Raises
        ------
        SystemExit
            If the reader has gone away: quietly, since nobody is there.
        EngramError
            If an answer cannot be written. Messages that cannot are passed over: they have no other place to
            go, and the answer may still have one.
        """
        try:
            return super().write(data)
        except OSError as error:
            self._lead_nowhere()
            if error.errno == errno.EPIPE:
                raise SystemExit(READER_GONE) from None
            if self._answers:
                why = error.strerror or error
                raise EngramError(
                    f"cannot write to standard output: {why}; make room, or send it elsewhere"
                ) from None
            return len(data)

    def _lead_nowhere(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def guard_streams() -> None:
    """Put guarded streams in the place of ``sys.stdout`` and ``sys.stderr``; once, when a program begins."""
    _open_missing()
    sys.stdout = _guarded(sys.stdout, OUTPUT)
    sys.stderr = _guarded(sys.stderr, ERROR)


def _guarded(stream: TextIO | None, number: int) -> TextIO:
    """A text stream as Python's own one, but for the errors; None is what Python makes of a closed one."""
    if stream is not None:
        stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(Descriptor(number, answers=number == OUTPUT)),
        encoding=stream.encoding if stream is not None else "utf-8",
        errors=ERRORS,
        newline="\n" if os.linesep == "\n" else None,
        line_buffering=number == ERROR or (stream is not None and stream.isatty()),
        write_through=getattr(stream, "write_through", False),
    )


def _open_missing() -> None:
    """Let standard streams that the caller closed (``>&-``) lead nowhere.

    The next file to be opened would get the number of the closed stream, and messages would go into it.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= ERROR:
        pass
    os.close(number)
