"""Memories of a layer unit: how deep, how wide, and whether they go into block RAM."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hw.frontend.paths import queue_words
from hw.frontend.schedule import LayerSchedule
from hw.payloads import index_bits

__all__ = ["MemoryPlan", "memory_style", "unit_memories", "window_depth"]

ROM_LOGIC_BITS = 1024
RAM_LOGIC_BITS = 128
"""Memories up to these sizes are cheaper in logic than in a block RAM of their own; a bit that can be written
takes a flip-flop, one that cannot only its share of a look-up table."""


@dataclass(frozen=True)
class MemoryPlan:
    """One memory.

    Attributes
    ----------
    name
        Where it is.
    depth, width
        Entries and bits.
    writable
        Whether it is ever written.
    contents
        Every entry, where they are known and asked for.
    """

    name: str
    depth: int
    width: int
    writable: bool = True
    contents: tuple[int, ...] | None = None

    @property
    def style(self) -> str:
        """See :func:`memory_style`."""
        return memory_style(self.depth, self.width, writable=self.writable)


def memory_style(depth: int, width: int, *, writable: bool = False) -> str:
    """Synthesis attribute of a memory: block RAM, or logic when it is small."""
    return "logic" if depth * width <= (RAM_LOGIC_BITS if writable else ROM_LOGIC_BITS) else "block"


def window_depth(schedule: LayerSchedule) -> int:
    """Words of the window memory, a power of two, so that its addresses wrap by themselves.

    The words between the first and the last of one kernel position, and the ones that come in while a row of
    output pixels is computed, so that the next row can start at once.
    """
    walk = schedule.walk
    positions = walk.columns.inputs if walk.rows.kernel > 1 else 2
    return 2 ** index_bits(walk.span + positions * walk.step_x)


def unit_memories(
    schedule: LayerSchedule,
    value_bits: int,
    name: str,
    waits: Sequence[int] = (),
    *,
    contents: bool = False,
) -> Iterator[MemoryPlan]:
    """Every memory of the unit of `schedule`, and of the queues ahead of it.

    Parameters
    ----------
    schedule
        The unit.
    value_bits
        Bits of its input values.
    name
        What it is called.
    waits
        See :func:`hw.frontend.paths.waits_of`.
    contents
        Whether they are asked for.
    """
    lanes = schedule.parallelism
    for port, pixels in enumerate(waits):
        if pixels:
            words = queue_words(pixels, schedule.map_words)
            yield MemoryPlan(f"{name}.queue.{port}", words, lanes.input_lanes * value_bits)
    for tap in range(lanes.taps):
        yield MemoryPlan(f"{name}.window.{tap}", window_depth(schedule), lanes.input_lanes * value_bits)
    yield MemoryPlan(
        f"{name}.schedule",
        sum(schedule.steps),
        schedule.step_format.width,
        writable=False,
        contents=tuple(schedule.rom()) if contents else None,
    )
    if schedule.layer.requantises:
        for searcher in range(lanes.searchers):
            yield MemoryPlan(
                f"{name}.transfer.{searcher}",
                schedule.searched_channels,
                schedule.transfer.width,
                writable=False,
                contents=tuple(schedule.transfer_rom(searcher)) if contents else None,
            )
    elif schedule.layer.activation_bits is not None:
        mask = 2**schedule.threshold_bits - 1
        for searcher in range(lanes.searchers):
            yield MemoryPlan(
                f"{name}.thresholds.{searcher}",
                schedule.searched_channels * 2**schedule.layer.activation_bits,
                schedule.threshold_bits,
                writable=False,
                contents=tuple(value & mask for value in schedule.threshold_rom(searcher))
                if contents
                else None,
            )
