"""Self-programming in RTL: what an erased array is asked to do, and what it must answer."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.streams import MISSING
from sw.bundle import Bundle
from sw.reference.pulse import WriteVerify, device_indices, erased_states, target_states, write_verify

if TYPE_CHECKING:
    from amaranth.lib import data

__all__ = ["ProgrammingReport", "SelfProgramming", "worst"]

CYCLES_PER_PULSE = 128
"""More than a request to the array takes that finds its entry at once."""


class ProgrammingReport(NamedTuple):
    """Outcome of programming.

    Attributes
    ----------
    pulses, failures
        Pulses given, and devices that did not come to their target, by the reference.
    cycles
        Clock cycles of programming and reading back.
    mismatches
        Answers that are not the expected ones, or did not come.
    first
        The first of them in words, or None.
    """

    pulses: int
    failures: int
    cycles: int
    mismatches: int
    first: str | None


def worst(reports: Sequence[ProgrammingReport]) -> ProgrammingReport:
    """One report for several processes with the same task: cycles of the first, mismatches of all."""
    first = next((report.first for report in reports if report.first), None)
    return reports[0]._replace(mismatches=sum(report.mismatches for report in reports), first=first)


class SelfProgramming:
    """Write-verify of a whole array, then reading all of it back.

    Parameters
    ----------
    bundle
        With a pulse rule; its own codes do not matter.
    """

    def __init__(self, bundle: Bundle):
        assert bundle.array.pulse is not None
        self._bundle, self._rule = bundle, bundle.array.pulse

    @cached_property
    def reference(self) -> WriteVerify:
        """Write-verify of the reference, from erased devices to the templates' states."""
        max_code = self._bundle.design.max_code
        return write_verify(self._erased_states, self._targets, self._indices, self._rule, max_code)

    @property
    def erased(self) -> Bundle:
        """The chip before programming."""
        return self._bundle.with_array(codes=self._erased_states.astype(np.uint8))

    @property
    def programmed(self) -> Bundle:
        """The chip as the reference programs it."""
        return self._bundle.with_array(codes=self.reference.states.astype(np.uint8))

    def requests(self) -> NDArray[np.uint64]:
        """Packed requests to :class:`hw.array.programming.programmer.Programmer`: WRITE to every cell, then
        READ of every cell.

        In the order of the code memory, which is the fastest one.
        """
        from amaranth.hdl import Const

        from hw.payloads import CellOperation, write_layout

        layout = write_layout(self._bundle.design)
        rows, lines = self._cells
        targets = self._targets[:, rows, lines]
        write = {
            "operation": Const.cast(CellOperation.WRITE).value,
            "row": rows,
            "match_line": lines,
            "targets": targets,
        }
        read = {"operation": Const.cast(CellOperation.READ).value, "row": rows, "match_line": lines}
        return np.concatenate([_packed(write, layout), _packed(read, layout)])

    @property
    def answer_bits(self) -> int:
        """Of a packed answer."""
        from hw.payloads import written_layout

        return written_layout(self._bundle.design).size

    def patience(self) -> int:
        """Cycles in which every request is answered, whatever the stalls."""
        from hw.geometry import ArrayGeometry

        return 2 * (self._rule.max_pulses + 1) * CYCLES_PER_PULSE + 64 * (
            ArrayGeometry(self._bundle.design).code_depth + 1_000
        )

    def check(self, answers: NDArray[np.uint64], cycles: int) -> ProgrammingReport:
        """Compare packed answers, in the order of the requests, with the reference.

        Every code, failure and number of pulses counts, and that READ gives no pulse.
        """
        from hw.payloads import written_layout

        rows, lines = self._cells
        codes, sets, resets, failed = (part[:, rows, lines].astype(np.int64) for part in self.reference)
        write = {
            "codes": codes,
            "failed": failed[0] | failed[1] << 1,
            "sets": sets.sum(axis=0),
            "resets": resets.sum(axis=0),
        }
        layout = written_layout(self._bundle.design)
        expected = np.concatenate([_packed(write, layout), _packed({"codes": codes}, layout)])
        got = np.full(len(expected), MISSING)
        got[: len(answers)] = answers
        wrong = np.flatnonzero(got != expected)
        return ProgrammingReport(
            pulses=int(sets.sum() + resets.sum()),
            failures=int(failed.sum()),
            cycles=cycles,
            mismatches=len(wrong),
            first=self._in_words(int(wrong[0]), int(expected[wrong[0]]), got[wrong[0]])
            if len(wrong)
            else None,
        )

    @cached_property
    def _targets(self) -> NDArray[np.int64]:
        return target_states(self._bundle.templates, self._bundle.design, self._rule)

    @cached_property
    def _indices(self) -> NDArray[np.uint32]:
        return device_indices(self._bundle.design.features, self._bundle.design.templates)

    @property
    def _erased_states(self) -> NDArray[np.int64]:
        return erased_states(self._indices, self._rule)

    @cached_property
    def _cells(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Row and match line of all cells."""
        from hw.geometry import ArrayGeometry

        return ArrayGeometry(self._bundle.design).cells()

    def _in_words(self, number: int, expected: int, got: np.uint64) -> str:
        rows, lines = self._cells
        kind, place = ("write", "read back")[number // len(rows)], number % len(rows)
        came = "nothing" if got == MISSING else self._answer(int(got))
        return (
            f"{kind} of row {rows[place]}, match line {lines[place]}: expected {self._answer(expected)}, "
            f"got {came}"
        )

    def _answer(self, packed: int) -> str:
        from hw.payloads import written_layout

        answer = written_layout(self._bundle.design).from_bits(packed)
        failed = [device for device in range(2) if answer.failed >> device & 1]
        return f"codes {list(answer.codes)}, {answer.sets} SET, {answer.resets} RESET, failed {failed}"


def _packed(values: dict[str, NDArray[np.int64] | int], layout: "data.StructLayout") -> NDArray[np.uint64]:
    """Payloads (N,) from fields (N,), or (2, N) for those with one value per device; others are 0."""
    total: NDArray[np.uint64] = np.zeros(1, np.uint64)
    for name, value in values.items():
        field = layout[name]
        parts = np.atleast_2d(np.asarray(value, np.uint64))
        for number, part in enumerate(parts):
            place = field.offset + number * field.width // len(parts)
            total = total | part << np.uint64(place)
    return total
