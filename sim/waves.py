"""Waveforms of simulations: the file that a person asked for is whole, or is not there.

Neither of Verilator's writers ends well on a full disk. That of VCD waits for ever for a lock of its own, so
it writes into a pipe, which is never full. That of FST must go back in its file, and goes on without a word
after a failure; but it writes the file's header last, into room that it leaves at the beginning.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sw.errors import WriteError
from sw.files import move_atomically, writing

__all__ = ["waveform"]

HEADER_BYTES = 9
"""Kind and length of the first block of an FST file, never all zero."""
PIECE_BYTES = 1 << 16
ADVICE = "make room there or set TMPDIR"


@contextmanager
def waveform(folder: Path, path: Path) -> Iterator[Path]:
    """Where a simulation is to write the waveform that becomes `path`, of the format that its suffix names.

    Parameters
    ----------
    folder
        For what is not finished; it exists.
    path
        Replaced when the block ends well, and left alone when it does not.

    Raises
    ------
    WriteError
        If there is no room for the waveform in `folder`, or at `path`.
    """
    written = folder / f"waves{path.suffix}"
    if path.suffix == ".vcd":
        with _filled_from_pipe(written) as pipe:
            yield pipe
    else:
        yield written
        with writing(written, ADVICE), written.open("rb") as file:
            whole = any(file.read(HEADER_BYTES))
        if not whole:
            raise WriteError(f"cannot write {written}: it is cut off, as on a full disk; {ADVICE}")
    move_atomically(written, path)


@contextmanager
def _filled_from_pipe(path: Path) -> Iterator[Path]:
    """A pipe whose contents go into the file `path`; a failure of that shows after the block."""
    pipe = path.with_name("pipe")
    failed: list[OSError] = []
    with writing(path, ADVICE, disk_only=True):
        os.mkfifo(pipe)
        file = path.open("wb", buffering=0)
    # Without waiting, because nobody writes yet; our own end for writing keeps the pipe open to the last.
    source = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    end = os.open(pipe, os.O_WRONLY)
    os.set_blocking(source, True)

    def fill() -> None:
        while piece := memoryview(os.read(source, PIECE_BYTES)):
            try:
                while piece and not failed:
                    piece = piece[file.write(piece) :]
            except OSError as error:  # what comes is read on, because the writer waits for that
                failed.append(error)

    thread = threading.Thread(target=fill, name="waveform")
    thread.start()
    try:
        yield pipe
    finally:
        os.close(end)
        thread.join()
        os.close(source)
        file.close()
    with writing(path, ADVICE):
        for error in failed:
            raise error
