"""Data that cross a border between blocks: one typed payload per stream, and the array seam.

All widths follow from the design point. Layouts are little-endian: the first field has the lowest bits.
"""

from amaranth.hdl import Shape, unsigned
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from sw.design import DesignPoint

__all__ = [
    "ArraySeam",
    "CellOperation",
    "Fault",
    "ProgramOperation",
    "conversion_layout",
    "current_layout",
    "index_bits",
    "level_word_layout",
    "next_image_port",
    "program_layout",
    "programmed_shape",
    "result_layout",
    "write_layout",
    "written_layout",
]


def index_bits(count: int) -> int:
    """Bits of an index below `count`, at least 1."""
    return max(1, (count - 1).bit_length())


# The metaclass of Amaranth's Enum takes the shape, which mypy does not see: it knows Python's Enum only.
class ProgramOperation(enum.Enum, shape=2):  # type: ignore[call-arg]
    """Kind of a programming request for one device."""

    READ = 0
    """Answers with the conductance code and changes nothing."""
    SET = 1
    """Raises the code: by the amplitude, at most to the largest code, or as the pulse rule says."""
    RESET = 2
    """Lowers the code: by the amplitude, at most to 0, or as the pulse rule says."""


class Fault(enum.Enum, shape=2):  # type: ignore[call-arg]
    """Change of the injected fault of a device."""

    KEEP = 0
    """Nothing."""
    HRS = 1
    """Hold the device in the HRS from now on."""
    LRS = 2
    """Hold the device in the LRS from now on."""
    CLEAR = 3
    """Let the device go."""


class CellOperation(enum.Enum, shape=2):  # type: ignore[call-arg]
    """Kind of a request to :class:`hw.array.programming.programmer.Programmer`."""

    READ = 0
    """Read both devices of a cell."""
    WRITE = 1
    """Program both devices of a cell to their targets."""
    FAULT = 2
    """Inject a fault into one device, or clear it."""


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


def program_layout(design: DesignPoint, *, pulse: bool = False) -> data.StructLayout:
    """A programming request for one device of one cell; `row` counts over all features.

    With a pulse rule it also has the number of the pulse since write-verify of the device began, from 1, by
    which the behavioural array draws, and a fault to inject or to clear, which goes with READ.
    """
    return data.StructLayout(
        {
            "operation": ProgramOperation,
            "device": unsigned(1),
            "row": unsigned(index_bits(design.features)),
            "match_line": unsigned(index_bits(design.templates)),
            "amplitude": unsigned(8 if pulse else design.cell_bits),
            **({"number": unsigned(8), "fault": Fault} if pulse else {}),
        }
    )


def programmed_shape(design: DesignPoint, *, pulse: bool = False) -> data.StructLayout | Shape:
    """The conductance code after a request; with a pulse rule also whether there was no room for a fault."""
    code = unsigned(design.cell_bits)
    return data.StructLayout({"code": code, "refused": 1}) if pulse else code


def write_layout(design: DesignPoint) -> data.StructLayout:
    """A request for one cell; `device` and `fault` count for FAULT, `targets` for WRITE."""
    return data.StructLayout(
        {
            "operation": CellOperation,
            "row": unsigned(index_bits(design.features)),
            "match_line": unsigned(index_bits(design.templates)),
            "targets": data.ArrayLayout(unsigned(design.cell_bits), 2),
            "device": unsigned(1),
            "fault": Fault,
        }
    )


def written_layout(design: DesignPoint) -> data.StructLayout:
    """The answer to a request for one cell.

    `codes` has both devices after READ and WRITE, after FAULT that of its device. `failed` has a bit for each
    device that WRITE did not bring to its target, `sets` and `resets` are the pulses to both of them.
    `refused` says that there was no room for a fault.
    """
    return data.StructLayout(
        {
            "codes": data.ArrayLayout(unsigned(design.cell_bits), 2),
            "failed": unsigned(2),
            "refused": unsigned(1),
            "sets": unsigned(9),
            "resets": unsigned(9),
        }
    )


def next_image_port() -> wiring.Signature:
    """Index of the next image, on which read noise depends; taken in the cycle it is valid."""
    return wiring.Signature({"valid": Out(1), "payload": Out(32)})


class ArraySeam(wiring.Signature):
    """The border between digital logic and the array with its ADCs, seen from the array.

    Behind it stands :class:`hw.array.behavioural.BehaviouralArray` today and a real macro tomorrow.

    Parameters
    ----------
    design
        Gives all widths.
    pulse
        The devices follow a pulse rule.

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

    def __init__(self, design: DesignPoint, *, pulse: bool = False):
        self._design = design
        self._pulse = pulse
        super().__init__(
            {
                "levels": In(stream.Signature(level_word_layout(design))),
                "conversions": Out(stream.Signature(conversion_layout(design))),
                "program": In(stream.Signature(program_layout(design, pulse=pulse))),
                "programmed": Out(stream.Signature(programmed_shape(design, pulse=pulse))),
            }
        )

    @property
    def design(self) -> DesignPoint:
        """The design point that gave the widths."""
        return self._design

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArraySeam) and self._design == other._design and self._pulse == other._pulse

    def __repr__(self) -> str:
        return f"ArraySeam({self._design.name!r})"
