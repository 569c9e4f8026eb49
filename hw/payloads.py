"""What crosses a border between blocks: one typed payload per stream, and the array seam.

All widths follow from the design point. Layouts are little-endian: the first field has the lowest bits.
"""

from amaranth.hdl import unsigned
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from sw.design import DesignPoint

__all__ = [
    "ArraySeam",
    "ProgramOperation",
    "conversion_layout",
    "current_layout",
    "index_bits",
    "level_word_layout",
    "program_layout",
    "result_layout",
]


def index_bits(count: int) -> int:
    """Bits of an index below `count`, at least 1."""
    return max(1, (count - 1).bit_length())


class ProgramOperation(enum.Enum, shape=2):
    """What a programming request does to one device."""

    READ = 0
    """Answers with the conductance code and changes nothing."""
    SET = 1
    """Raises the code by the amplitude, at most to the largest code."""
    RESET = 2
    """Lowers the code by the amplitude, at most to 0."""


def level_word_layout(design: DesignPoint) -> data.ArrayLayout:
    """One word: `row_lanes` word-line values, see :mod:`hw.geometry`."""
    return data.ArrayLayout(design.level_bits, design.row_lanes)


def current_layout(design: DesignPoint) -> data.StructLayout:
    """A match-line current on its way to the ADC that reads it."""
    return data.StructLayout(
        {
            "row_tile": unsigned(index_bits(design.row_tiles)),
            "match_line": unsigned(index_bits(design.templates)),
            "current": unsigned(design.max_current.bit_length()),
        }
    )


def conversion_layout(design: DesignPoint) -> data.StructLayout:
    """The result of one conversion."""
    return data.StructLayout(
        {
            "row_tile": unsigned(index_bits(design.row_tiles)),
            "match_line": unsigned(index_bits(design.templates)),
            "code": unsigned(design.max_adc_code.bit_length()),
        }
    )


def result_layout(design: DesignPoint) -> data.StructLayout:
    """The answer for one image."""
    return data.StructLayout(
        {
            "label": unsigned(index_bits(design.classes)),
            "template": unsigned(index_bits(design.templates)),
            "margin": unsigned(design.max_score.bit_length()),
            "accepted": unsigned(1),
        }
    )


def program_layout(design: DesignPoint) -> data.StructLayout:
    """A programming request for one device of one cell; `row` counts over all features."""
    return data.StructLayout(
        {
            "operation": ProgramOperation,
            "device": unsigned(1),
            "row": unsigned(index_bits(design.features)),
            "match_line": unsigned(index_bits(design.templates)),
            "amplitude": unsigned(design.cell_bits),
        }
    )


class ArraySeam(wiring.Signature):
    """The border between digital logic and the array with its ADCs, seen from the array.

    Behind it stands :class:`hw.array.BehaviouralArray` today and a real macro tomorrow.

    Parameters
    ----------
    design
        Gives all widths.

    Members
    -------
    levels
        Words of word-line values, tile after tile, image after image.
    conversions
        For every row tile in order, one conversion per match line in order.
    program
        Programming requests; accepted only between images.
    programmed
        The conductance code of the device after each request, in order.
    """

    def __init__(self, design: DesignPoint):
        self._design = design
        super().__init__(
            {
                "levels": In(stream.Signature(level_word_layout(design))),
                "conversions": Out(stream.Signature(conversion_layout(design))),
                "program": In(stream.Signature(program_layout(design))),
                "programmed": Out(stream.Signature(unsigned(design.cell_bits))),
            }
        )

    @property
    def design(self) -> DesignPoint:
        """The design point that gave the widths."""
        return self._design

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArraySeam) and self._design == other._design

    def __repr__(self) -> str:
        return f"ArraySeam({self._design.name!r})"
