"""BehaviouralArray: an RRAM array with ADCs that a person without RRAM can put on an FPGA."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from hw.adc import AdcReadout
from hw.array.cells import Cells
from hw.array.match_lines import MatchLines
from hw.array.noise.read_noise import ReadNoiseAdder
from hw.array.word_lines import WordLineDriver
from hw.optional import connect_optional, optional_ports
from hw.payloads import ArraySeam
from sw.bundle import Bundle

__all__ = ["BehaviouralArray"]


class BehaviouralArray(wiring.Component):
    """All tiles of the array behind the seam, with conductance codes in block RAM or single-port RAM.

    Adding codes in digital logic gives the same integers as adding currents on a match line, so everything
    behind the ADC sees what it would see of a real array.

    Latency and throughput are those of :class:`hw.array.match_lines.MatchLines`, with a row tile's words
    written while the tile before it is read, plus the ADC's. Levels wait while both banks of the word-line
    driver are full; conversions wait for their consumer; programming waits until no image is inside.

    With read noise there is a :class:`hw.array.noise.read_noise.ReadNoiseAdder` before the ADCs, and one more
    port, `next_image`: the index of the next image, given while no image is inside.

    Parameters
    ----------
    bundle
        Sizes, conductance codes, ADC tables and read noise.
    spram
        Codes are in single-port RAM and come at start through one more port, `load`, see
        :class:`hw.array.cells.Cells`.
    """

    def __init__(self, bundle: Bundle, *, spram: bool = False):
        self._bundle = bundle
        self._cells = Cells(bundle, spram=spram)
        noise = bundle.array.read_noise
        self._read_noise = ReadNoiseAdder(bundle.design, noise) if noise is not None else None
        seam = ArraySeam(bundle.design, pulse=bundle.array.pulse is not None)
        members = optional_ports(self._cells, self._read_noise)
        super().__init__({**seam.members, **members} if members else seam)

    def elaborate(self, platform):
        """Word lines, cells, match lines, read noise, ADCs."""
        m = Module()
        design = self._bundle.design
        m.submodules.word_lines = word_lines = WordLineDriver(design)
        m.submodules.cells = cells = self._cells
        m.submodules.match_lines = match_lines = MatchLines(design)
        m.submodules.adc = adc = AdcReadout(design, self._bundle.array.adc)

        connect(m, flipped(self.levels), word_lines.i)
        if self._read_noise is None:
            connect(m, match_lines.o, adc.i)
        else:
            m.submodules.read_noise = read_noise = self._read_noise
            connect(m, match_lines.o, read_noise.i)
            connect(m, read_noise.o, adc.i)
            connect_optional(m, flipped(self), read_noise)
        connect(m, adc.o, flipped(self.conversions))
        connect(m, flipped(self.program), cells.program)
        connect(m, cells.programmed, flipped(self.programmed))
        connect_optional(m, flipped(self), cells)
        # The code memory has one address, so no word is read while a cell is being programmed.
        m.d.comb += [
            match_lines.tile_ready.eq(word_lines.tile_ready & ~cells.busy),
            word_lines.step.eq(match_lines.step),
            word_lines.rewind.eq(match_lines.rewind),
            word_lines.release.eq(match_lines.release),
            match_lines.word.eq(word_lines.word),
            cells.step.eq(match_lines.step),
            match_lines.codes.eq(cells.codes),
            cells.idle.eq(word_lines.idle & match_lines.idle),
        ]
        return m
