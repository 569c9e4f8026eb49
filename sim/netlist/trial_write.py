"""Trial write: one cell of a chip with a pulse rule, programmed over its host link and read back."""

from typing import NamedTuple

import numpy as np

from hw.host import protocol
from hw.host.client import Request
from sw.bundle import Bundle
from sw.reference.pulse import device_indices, write_verify

__all__ = ["TrialWrite", "trial_write"]

ROWS_READ = 8
"""Of the cell's match line, from the first on."""


class TrialWrite(NamedTuple):
    """Requests that change one cell, and the answers that must come.

    Attributes
    ----------
    requests, answers
        WRITE and CODES with their answers.
    programmed
        The chip afterwards.
    """

    requests: list[Request]
    answers: list[bytes]
    programmed: Bundle


def trial_write(bundle: Bundle) -> TrialWrite:
    """The first cell of a chip after reset, each device to the further end of its range."""
    assert bundle.array.pulse is not None
    design = bundle.design
    place = slice(None), slice(0, 1), slice(0, 1)
    before = bundle.array.codes[place].astype(np.int64)
    targets = np.where(2 * before > design.max_code, 0, design.max_code)
    indices = device_indices(design.features, design.templates)[place]
    done = write_verify(before, targets, indices, bundle.array.pulse, design.max_code)
    codes = bundle.array.codes.copy()
    codes[place] = done.states
    first, second = targets.reshape(-1).tolist()
    code_0, code_1 = done.states.reshape(-1).tolist()
    failed = done.failed.reshape(-1)
    written = protocol.Written(
        protocol.Opcode.WRITE,
        code_0,
        code_1,
        failed=int(failed[0]) | int(failed[1]) << 1,
        sets=int(done.sets.sum()),
        resets=int(done.resets.sum()),
        failures=int(failed.sum()),
    ).to_bytes()
    rows = min(ROWS_READ, design.features)
    read = bytes([protocol.Opcode.CODES]) + codes[:, :rows, 0].T.tobytes()
    cell = protocol.Cell(0, 0)
    return TrialWrite(
        [
            Request(protocol.write_request(cell, (first, second)), len(written)),
            Request(protocol.codes_request(cell, rows), len(read)),
        ],
        [written, read],
        bundle.with_array(codes=codes),
    )
