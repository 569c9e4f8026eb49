"""Moves whole batches of stream payloads between NumPy and the memories of an RTL testbench.

The streams themselves are driven and watched by ``stream_source.sv`` and ``stream_sink.sv`` in
``testbenches/sources``. A cocotb coroutine that wakes at every clock edge costs about 10 us per cycle,
compiled RTL about 1 us; so the random stalls and the handshakes are in RTL, and Python touches each payload
once, between batches.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MISSING",
    "STALL_RATES",
    "STALL_UNIT",
    "PayloadMemory",
    "fields_of",
    "payload_integers",
    "stall_rate",
]

MISSING = np.uint64(2**64 - 1)
"""Stands for a payload that never came; real ones have fewer than 64 bits."""

STALL_UNIT = 65_536
STALL_RATES = (0, STALL_UNIT // 8, STALL_UNIT // 2, STALL_UNIT * 7 // 8)
"""Stall probabilities per cycle, in 1 / STALL_UNIT, to pick from: none, rare, even, mostly stalled."""


class PayloadMemory:
    """A memory of the testbench, entry by entry through the simulator's handle.

    Parameters
    ----------
    handle
        cocotb's array object of a memory that the RTL marks as public.
    """

    def __init__(self, handle: Any):
        self._handle = handle
        self._entries: list[Any] = []

    def write(self, payloads: list[int]) -> None:
        """Fill from entry 0; takes effect in the current time step."""
        for entry, payload in zip(self._first(len(payloads)), payloads, strict=True):
            entry.value = payload

    def read(self, count: int, taken: int) -> NDArray[np.uint64]:
        """`count` entries, of which only the first `taken` were written; the others are MISSING.

        An entry must fit 63 bits.
        """
        entries = np.full(count, MISSING, np.uint64)
        written = self._first(min(count, taken))
        entries[: len(written)] = [entry.value.to_unsigned() for entry in written]
        return entries

    def _first(self, count: int) -> list[Any]:
        while len(self._entries) < count:
            self._entries.append(self._handle[len(self._entries)])
        return self._entries[:count]


def stall_rate(cycles: int) -> int:
    """Stall probability, in 1 / STALL_UNIT, at which a wait takes `cycles` cycles on average, at least 1."""
    return STALL_UNIT - max(1, round(STALL_UNIT / cycles))


def payload_integers(words: NDArray[np.uint8]) -> list[int]:
    """Words of bits (N, lanes) as integers, lane 0 in the lowest bit."""
    packed = np.packbits(words, axis=-1, bitorder="little")
    return [int.from_bytes(word.tobytes(), "little") for word in packed]


def fields_of(
    payloads: NDArray[np.uint64], layout: dict[str, tuple[int, int]]
) -> dict[str, NDArray[np.int64]]:
    """Split packed payloads into their fields.

    Parameters
    ----------
    payloads
        uint64, any shape.
    layout
        Offset and width in bits of each field.

    Returns
    -------
    dict
        int64 arrays of the same shape, by field.
    """
    return {
        name: ((payloads >> np.uint64(offset)) & np.uint64(2**width - 1)).astype(np.int64)
        for name, (offset, width) in layout.items()
    }
