"""Host programmer: a person's side of a chip that can program itself, over any serial port."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from amaranth.hdl import Const
from numpy.typing import NDArray

from hw.geometry import ArrayGeometry
from hw.host.protocol import (
    IDENTITY_BYTES,
    NO_ROOM,
    NOT_READY,
    UNKNOWN,
    WRITTEN_BYTES,
    Cell,
    Identity,
    Opcode,
    Written,
    codes_request,
    fault_request,
    identity_of,
    index_request,
    write_request,
)
from hw.payloads import Fault
from sw.bundle import Bundle
from sw.errors import EngramError
from sw.reference.pulse import target_states

__all__ = ["HostProgrammer", "Programmed", "SerialPort"]

UNKNOWN_BYTES = 7
"""Answer of a chip that knows no requests for cells to one of them: each of its bytes is unknown."""


MOST_ROWS = 2**16 - 1
"""Of one CODES."""
RESYNCHRONISE = "it may be inside an unfinished request: send I until it answers, or reset it"


class SerialPort(Protocol):
    """A serial port with a time limit for reading, such as a ``serial.Serial`` of pyserial."""

    def write(self, data: bytes, /) -> object:
        """Send all of it."""

    def read(self, size: int, /) -> bytes:
        """Receive so many bytes, or fewer when the time is up."""


class Programmed(NamedTuple):
    """What became of a whole array; arrays are (2, F, T).

    Attributes
    ----------
    codes
        uint8, where write-verify left the devices.
    failed
        bool, devices that did not come to their target: the chip's failure map.
    sets, resets
        Pulses given.
    """

    codes: NDArray[np.uint8]
    failed: NDArray[np.bool_]
    sets: int
    resets: int


class HostProgrammer:
    """Programs the array of a running chip, cell by cell, and reads it back.

    Parameters
    ----------
    port
        To the chip, 8N1 at the speed it was built for.
    bundle
        What the chip was built from.
    with_front_end
        Whether the chip has a front end.

    Raises
    ------
    EngramError
        If nobody or another chip answers, if its codes are not loaded yet, or if it cannot be programmed.
        Methods raise it too, for what is not in the array and when an answer does not come.
    """

    def __init__(self, port: SerialPort, bundle: Bundle, *, with_front_end: bool = True):
        self._port, self._bundle, self._design = port, bundle, bundle.design
        port.write(bytes([Opcode.IDENTIFY]))
        came = Identity.from_bytes(self._read(IDENTITY_BYTES))
        wanted = identity_of(bundle, with_front_end=with_front_end)
        if came._replace(ready=1) != wanted:
            raise EngramError(
                f"the chip must be built from bundle {wanted.digest.hex()}, got an answer of "
                f"{came.digest.hex()}; name the bundle that 'engram build' put beside the bitstream"
            )
        port.write(codes_request(Cell(0, 0), 0))
        status = self._read(1)[0]
        if status == UNKNOWN:
            self._read(UNKNOWN_BYTES - 1)
            raise EngramError(
                "the chip cannot program itself; build it from a bundle of 'engram program --programmable'"
            )
        self._check(status, Opcode.CODES)

    def write_cell(self, match_line: int, row: int, targets: tuple[int, int]) -> Written:
        """Program both devices of a cell by write-verify."""
        for target in targets:
            _check_range("a target", target, self._design.max_code)
        request = write_request(self._cell(match_line, row), targets)
        return Written.from_bytes(self._ask(request, WRITTEN_BYTES))

    def read_codes(self, match_line: int, row: int = 0, rows: int | None = None) -> NDArray[np.uint8]:
        """Conductance codes (2, rows) of a run of rows on a match line, from `row` to the last one."""
        rows = self._design.features - row if rows is None else rows
        cell = self._cell(match_line, row)
        _check_range("rows", rows, self._design.features - row)
        raw = b""
        for first in range(row, row + rows, MOST_ROWS):
            count = min(MOST_ROWS, row + rows - first)
            raw += self._ask(codes_request(cell._replace(row=first), count), 1 + 2 * count)[1:]
        return np.frombuffer(raw, np.uint8).reshape(rows, 2).T

    def set_fault(self, match_line: int, row: int, device: int, fault: Fault) -> bool:
        """Inject a fault into a device or clear it; False when all places for faults are taken."""
        _check_range("device", device, 1)
        if fault is Fault.KEEP:
            raise EngramError("a fault must be HRS, LRS or CLEAR, got KEEP; read a cell with read_codes")
        request = fault_request(self._cell(match_line, row), device, Const.cast(fault).value)
        return self._ask(request, 1)[0] != NO_ROOM

    def set_index(self, index: int) -> None:
        """Set the index of the next image, on which read noise depends."""
        if self._bundle.array.read_noise is None:
            raise EngramError("the chip must have read noise to count images, got a bundle without")
        _check_range("the index of an image", index, 2**32 - 1)
        self._ask(index_request(index), 1)

    def load_templates(
        self, templates: NDArray[np.uint8], on_progress: Callable[[int], None] | None = None
    ) -> Programmed:
        """Program a whole new set of templates.

        Parameters
        ----------
        templates
            As :attr:`sw.bundle.bundle.Bundle.templates`, of the chip's design.
        on_progress
            Called with the number of cells that are done.

        Raises
        ------
        EngramError
            Also if the templates do not fit the design; nothing is programmed then.
        """
        chip = self._bundle.with_(templates=templates)  # refuses templates that do not fit
        assert chip.array.pulse is not None
        targets = target_states(chip.templates, chip.design, chip.array.pulse)
        codes, failed = np.zeros(targets.shape, np.uint8), np.zeros(targets.shape, bool)
        sets = resets = 0
        rows, lines = ArrayGeometry(self._design).cells()
        for done, (row, line) in enumerate(zip(rows.tolist(), lines.tolist(), strict=True), start=1):
            first, second = targets[:, row, line].tolist()
            answer = self.write_cell(line, row, (first, second))
            codes[:, row, line] = answer.code_0, answer.code_1
            failed[:, row, line] = answer.failed & 1, answer.failed >> 1
            sets, resets = sets + answer.sets, resets + answer.resets
            if on_progress:
                on_progress(done)
        return Programmed(codes, failed, sets, resets)

    def _cell(self, match_line: int, row: int) -> Cell:
        _check_range("match_line", match_line, self._design.templates - 1)
        _check_range("row", row, self._design.features - 1)
        return Cell(match_line, row)

    def _ask(self, request: bytes, size: int) -> bytes:
        """Answer of `size` bytes."""
        self._port.write(request)
        status = self._read(1)
        self._check(status[0], request[0])
        return status + self._read(size - 1)

    def _check(self, status: int, opcode: int) -> None:
        if status == NOT_READY:
            raise EngramError("the chip must have its codes before it is programmed; write them to its flash")
        if status != opcode and not (opcode == Opcode.FAULT and status == NO_ROOM):
            raise EngramError(f"the chip must answer with {opcode:#04x}, got {status:#04x}; {RESYNCHRONISE}")

    def _read(self, size: int) -> bytes:
        if size == 0:
            return b""
        came = self._port.read(size)
        if len(came) < size:
            raise EngramError(
                f"the chip must answer {size} bytes, got {len(came)}; check port and speed, "
                f"or {RESYNCHRONISE}"
            )
        return came


def _check_range(name: str, value: int, highest: int) -> None:
    if not 0 <= value <= highest:
        raise EngramError(f"{name} must be 0 to {highest}, got {value}")
