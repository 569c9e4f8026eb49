"""Host programmer: a host client that also programs a chip which can program itself."""

from typing import NamedTuple

import numpy as np
from amaranth.hdl import Const
from numpy.typing import NDArray

from hw.geometry import ArrayGeometry
from hw.host.client import HostClient, Request, Transport, exchange
from hw.host.protocol import (
    NO_ROOM,
    UNKNOWN,
    WRITTEN_BYTES,
    Cell,
    Opcode,
    Written,
    codes_request,
    fault_request,
    write_request,
)
from hw.payloads import Fault
from sw.bundle import Bundle
from sw.errors import EngramError
from sw.progress import Done
from sw.reference.pulse import target_states

__all__ = ["HostProgrammer", "Programmed"]

UNKNOWN_BYTES = 7
"""Answer of a chip that knows no requests for cells to one of them: each of its bytes is unknown."""
MOST_ROWS = 2**16 - 1
"""Rows that one CODES can ask for: it has 16 bits for their number."""


class Programmed(NamedTuple):
    """The result of programming a whole array; arrays are (2, F, T).

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


class HostProgrammer(HostClient):
    """Programs the array of a running chip, cell by cell, and reads it back.

    Parameters
    ----------
    transport, bundle
        As for :class:`hw.host.client.HostClient`.

    Raises
    ------
    EngramError
        Also if the chip cannot be programmed or its codes are not loaded yet. Methods raise it too, for what
        is not in the array.
    """

    def __init__(self, transport: Transport, bundle: Bundle):
        super().__init__(transport, bundle)
        status = self._ask(codes_request(Cell(0, 0), 0), 1, (Opcode.CODES, UNKNOWN))[0]
        if status == UNKNOWN:
            exchange(transport, Request(b"", UNKNOWN_BYTES - 1))
            raise EngramError(
                "the chip cannot program itself; build it from a bundle of 'engram program --programmable'"
            )

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
        return self._ask(request, 1, (Opcode.FAULT, NO_ROOM))[0] != NO_ROOM

    def load_templates(self, templates: NDArray[np.uint8], done: Done = lambda cells: None) -> Programmed:
        """Program a whole new set of templates.

        Parameters
        ----------
        templates
            As :attr:`sw.bundle.bundle.Bundle.templates`, of the chip's design.
        done
            Hears how many more cells are programmed.

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
        for row, line in zip(rows.tolist(), lines.tolist(), strict=True):
            first, second = targets[:, row, line].tolist()
            answer = self.write_cell(line, row, (first, second))
            codes[:, row, line] = answer.code_0, answer.code_1
            failed[:, row, line] = answer.failed & 1, answer.failed >> 1
            sets, resets = sets + answer.sets, resets + answer.resets
            done(1)
        return Programmed(codes, failed, sets, resets)

    def _cell(self, match_line: int, row: int) -> Cell:
        _check_range("match_line", match_line, self._design.templates - 1)
        _check_range("row", row, self._design.features - 1)
        return Cell(match_line, row)


def _check_range(name: str, value: int, highest: int) -> None:
    if not 0 <= value <= highest:
        raise EngramError(f"{name} must be 0 to {highest}, got {value}")
