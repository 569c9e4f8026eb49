"""Code walk: finds the entry of the code memory that holds a cell, by counting."""

from amaranth.hdl import Module, Mux, Signal, Value

from hw.geometry import ArrayGeometry
from hw.payloads import index_bits

__all__ = ["CodeWalk"]


class CodeWalk:
    """Position in the code memory with the first row and match line of its entry.

    Rows and match lines of an entry follow by counting, where a division by sizes that are no powers of two
    would cost far more logic than programming is worth.
    """

    def __init__(self, m: Module, geometry: ArrayGeometry):
        design = geometry.design
        self._m = m
        self._geometry = geometry
        self.entry = Signal(index_bits(geometry.code_depth))
        self.first_row = Signal(index_bits(design.features + design.row_lanes))
        self.first_line = Signal(index_bits(design.templates + design.col_lanes))
        self._tile = Signal(range(design.row_tiles))
        self._tile_row = Signal(index_bits(design.features + design.rows))
        self._word = Signal(range(geometry.words_in_tile[0]))
        self._group = Signal(range(geometry.groups))

    def holds(self, row, match_line):
        """Whether the entry holds the cell at `row` and `match_line`."""
        design = self._geometry.design
        # What is before the first one is far behind it in numbers without a sign, so one difference answers.
        inside = _unsigned(row - self.first_row) < design.row_lanes
        inside &= _unsigned(match_line - self.first_line) < design.col_lanes
        if design.rows % design.row_lanes:  # the last word of a tile reaches into the next one
            inside &= row < self._tile_row + design.rows
        return inside

    def advance(self):
        """Go to the next entry, from the last one to the first."""
        m, design = self._m, self._geometry.design
        words_in_tile = self._geometry.words_in_tile
        last_tile = self._tile == design.row_tiles - 1  # the only one that may be shorter
        last_word = Mux(last_tile, words_in_tile[-1] - 1, words_in_tile[0] - 1)
        m.d.sync += [
            self.entry.eq(self.entry + 1),
            self._word.eq(self._word + 1),
            self.first_row.eq(self.first_row + design.row_lanes),
        ]
        with m.If(self._word == last_word):
            m.d.sync += [
                self._word.eq(0),
                self._group.eq(self._group + 1),
                self.first_row.eq(self._tile_row),
                self.first_line.eq(self.first_line + design.col_lanes),
            ]
            with m.If(self._group == self._geometry.groups - 1):
                m.d.sync += [
                    self._group.eq(0),
                    self.first_line.eq(0),
                    self._tile.eq(self._tile + 1),
                    self._tile_row.eq(self._tile_row + design.rows),
                    self.first_row.eq(self._tile_row + design.rows),
                ]
                with m.If(last_tile):
                    m.d.sync += [
                        self._tile.eq(0),
                        self._tile_row.eq(0),
                        self.first_row.eq(0),
                        self.entry.eq(0),
                    ]


def _unsigned(difference: Value) -> Value:
    return difference[: len(difference)]
