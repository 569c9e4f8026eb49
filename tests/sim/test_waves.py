"""Waveforms: what a simulation writes becomes the file that was asked for, whole or not at all."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim import waves
from sim.waves import waveform
from sw.errors import WriteError

LINES = b"#1\n1!\n" * 50_000
"""More than a pipe holds."""


def written_by_a_child(path: Path) -> None:
    """As Verilator's writer of VCD opens its file; a pipe that is full makes it try again."""
    program = (
        "import os, sys\n"
        "file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY | os.O_TRUNC)\n"
        "data = memoryview(sys.stdin.buffer.read())\n"
        "while data: data = data[os.write(file, data):]\n"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], input=LINES, check=True)


def test_a_waveform_of_many_pieces_is_whole(tmp_path: Path) -> None:
    folder, path = tmp_path / "work", tmp_path / "made" / "x.vcd"
    folder.mkdir()
    with waveform(folder, path) as place:
        written_by_a_child(place)
        assert not path.exists()
    assert path.read_bytes() == LINES


def test_all_of_a_waveform_without_room_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the simulation would wait for ever; afterwards the reason is told."""
    path = tmp_path / "x.vcd"
    path.write_bytes(b"an earlier one")

    class Full:
        """A file for which there is no room."""

        def write(self, data: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def close(self) -> None:
            """Nothing was kept."""

    monkeypatch.setattr(waves.Path, "open", lambda *_, **__: Full())
    with pytest.raises(WriteError, match=r"waves.vcd: No space left on device; make room there or set"):
        with waveform(tmp_path, path) as place:
            written_by_a_child(place)
    monkeypatch.undo()
    assert path.read_bytes() == b"an earlier one"


def test_a_simulation_that_fails_leaves_no_waveform(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), waveform(tmp_path, tmp_path / "x.vcd") as place:
        place.write_bytes(b"#1\n")
        raise KeyboardInterrupt
    assert not (tmp_path / "x.vcd").exists()


def test_an_fst_file_without_its_header_is_cut_off(tmp_path: Path) -> None:
    """The room for the header is zeros until the writer comes back to it, at the end."""
    path = tmp_path / "x.fst"
    with pytest.raises(WriteError, match=r"waves.fst: it is cut off, as on a full disk"):
        with waveform(tmp_path, path) as place:
            place.write_bytes(bytes(330) + b"blocks")
    assert not path.exists()
    with waveform(tmp_path, path) as place:
        place.write_bytes(bytes(7) + b"\x01\x49" + bytes(321) + b"blocks")
    assert path.stat().st_size == 336
    with pytest.raises(WriteError, match="No such file"), waveform(tmp_path, path):
        pass
