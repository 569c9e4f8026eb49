"""Moving payloads between NumPy and the memories of a testbench."""

from types import SimpleNamespace

import numpy as np
from amaranth.lib import data

from sim.streams import MISSING, STALL_UNIT, PayloadMemory, fields_of, payload_integers, stall_rate


class Entry:
    """Stands for cocotb's handle of a memory entry."""

    def __init__(self, value: int):
        self.value = SimpleNamespace(to_unsigned=lambda: value)


def test_lane_0_is_the_lowest_bit() -> None:
    words = np.zeros((2, 70), np.uint8)
    words[0, 0] = words[1, 3] = words[1, 69] = 1
    assert payload_integers(words) == [1, 8 + 2**69]


def test_fields_are_what_amaranth_packs() -> None:
    layout = data.StructLayout({"row_tile": 3, "match_line": 10, "code": 24})
    rng = np.random.default_rng(0)
    values = {name: rng.integers(0, 2**field.width, 50) for name, field in layout}
    packed = [
        layout.const({name: int(column[i]) for name, column in values.items()}).as_bits() for i in range(50)
    ]
    places = {name: (field.offset, field.width) for name, field in layout}
    got = fields_of(np.array(packed, np.uint64), places)
    for name, column in values.items():
        np.testing.assert_array_equal(got[name], column)


def test_what_was_not_taken_is_missing_even_if_the_memory_holds_something() -> None:
    memory = PayloadMemory([Entry(value) for value in (5, 2**62, 7, 8)])
    assert memory.read(4, 2).tolist() == [5, 2**62, int(MISSING), int(MISSING)]
    assert memory.read(2, 9).tolist() == [5, 2**62]


def test_writing_starts_at_entry_0() -> None:
    entries = [Entry(0) for _ in range(3)]
    PayloadMemory(entries).write([11, 12])
    assert [entry.value for entry in entries[:2]] == [11, 12]
    assert entries[2].value.to_unsigned() == 0


def test_stall_rates_by_mean_wait() -> None:
    assert [stall_rate(cycles) for cycles in (1, 2, 4)] == [0, STALL_UNIT // 2, STALL_UNIT * 3 // 4]
    assert stall_rate(10**9) == STALL_UNIT - 1
