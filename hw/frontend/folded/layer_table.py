"""Layer table: numbers of a layer that the folded engine needs while it computes that layer."""

from math import ceil

from amaranth.hdl import unsigned
from amaranth.lib import data

from hw.frontend.folded.fold import Fold
from hw.frontend.walk import Walk
from sw.design.paths import IMAGE

__all__ = ["table_layout", "table_rows"]


def table_layout(fold: Fold) -> data.StructLayout:
    """One field per number of :func:`table_rows`, as wide as its largest value."""
    rows = table_rows(fold)
    return data.StructLayout(
        {name: unsigned(max(row[name] for row in rows).bit_length() or 1) for name in rows[0]}
    )


def table_rows(fold: Fold) -> list[dict[str, int]]:
    """Numbers of every layer.

    ``first_step``, ``last_step``: its part of the schedule memory. ``start``: address of the top left word of
    the first kernel position; with padding it is before the map and wraps, and is masked when it is read.
    ``step_x``, ``step_row``: words to the next position, and from the end of a row
    to the next row. ``last_x``, ``last_y``: last output pixel. ``overhang_x``, ``overhang_y``: the kernel
    hangs over the image there, one bit for each row or column of it that is outside. ``before_y_2``,
    ``behind_y_2`` and their like: see :class:`hw.frontend.edges.Edges`; only where the kernel of any layer
    hangs over by more than one. ``pools``, ``searches``: it takes maxima; it gives activations.
    ``first_channel``, ``last_channel``: its part of the threshold memories. ``map_start``, ``last_item``,
    ``words``: where its map goes, the last item of a pixel, words per pixel.
    """
    return [_row(fold, number) for number in range(len(fold.schedules))]


def _row(fold: Fold, number: int) -> dict[str, int]:
    schedule = fold.schedules[number]
    walk = schedule.walk
    source = fold.bundle.design.sources[number][0]
    reads_from = 0 if source == IMAGE else fold.map_starts[source]
    is_last = number == len(fold.schedules) - 1
    items = schedule.groups * schedule.parallelism.output_lanes // schedule.parallelism.searchers
    searched = schedule.searched_channels if schedule.search_bits else 1
    return {
        "first_step": fold.first_steps[number],
        "last_step": fold.first_steps[number + 1] - 1,
        "start": (reads_from - walk.ahead) % 2**fold.address_bits,
        "step_x": walk.step_x,
        "step_row": walk.step_row,
        "last_x": walk.columns.outputs - 1,
        "last_y": walk.rows.outputs - 1,
        "overhang_x": 2**walk.columns.overhang - 1,
        "overhang_y": 2**walk.rows.overhang - 1,
        **_edges(walk, fold.depth),
        "pools": int(not schedule.layer.has_weights),
        "searches": int(schedule.search_bits > 0),
        "first_channel": fold.first_channels[number],
        "last_channel": fold.first_channels[number] + searched - 1,
        "map_start": 0 if is_last else fold.map_starts[number],
        "last_item": 0 if is_last else items - 1,
        "words": 0 if is_last else ceil(schedule.shape.outputs[0] / fold.parallelism.input_lanes),
    }


def _edges(walk: Walk, depth: int) -> dict[str, int]:
    """Positions for the comparisons of :class:`hw.frontend.edges.Edges`; none where it makes none."""
    if depth == 1:
        return {}
    return {
        f"{name}_{overhang}": position
        for overhang in range(1, depth + 1)
        for direction, axis in (("x", walk.columns), ("y", walk.rows))
        for name, position in (
            (f"before_{direction}", axis.before(overhang)),
            (f"behind_{direction}", axis.behind(overhang)),
        )
    }
