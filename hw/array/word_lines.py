"""Word-line driver: takes the words of one row tile while the tile before it is being read."""

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.geometry import ArrayGeometry
from hw.payloads import index_bits, level_word_layout
from sw.design import DesignPoint

__all__ = ["WordLineDriver"]


class WordLineDriver(wiring.Component):
    """Two banks of word-line values, filled and read in turn.

    The reader sees one tile at a time. It steps through the words of the tile as often as it likes; the word
    asked for with `step` appears on `word` in the next cycle.

    Parameters
    ----------
    design
        Gives words per tile and lanes.

    Members
    -------
    i
        Words in order. Takes one per cycle while a bank is free, and waits while both are full.
    tile_ready
        A full tile can be read.
    step
        Read the next word of the tile; back to its first word when `rewind` is set.
    rewind
        With `step`: the word being read now is the last one of this pass.
    release
        With `step` and `rewind`: this was the last pass, the bank is free again.
    word
        The word read with the last `step`.
    idle
        Neither bank holds a word, and the next word is the first of an image.
    """

    def __init__(self, design: DesignPoint):
        self._design = design
        self._geometry = ArrayGeometry(design)
        layout = level_word_layout(design)
        super().__init__(
            {
                "i": In(stream.Signature(layout)),
                "tile_ready": Out(1),
                "step": In(1),
                "rewind": In(1),
                "release": In(1),
                "word": Out(layout),
                "idle": Out(1),
            }
        )

    def elaborate(self, platform):
        """Number of full banks, write pointer, read pointer."""
        m = Module()
        words_in_tile = self._geometry.words_in_tile
        stride = words_in_tile[0]  # only the last tile may be shorter

        m.submodules.levels = levels = memory.Memory(
            shape=unsigned(self._geometry.word_bits), depth=2 * stride, init=[], attrs={"ram_style": "block"}
        )
        write = levels.write_port()
        read = levels.read_port()

        # Full banks are counted: the next one to write is full when both are, the next one to read when any
        # is. So the answers are bits of a register, and no bank has to be picked for them.
        tiles = Signal(range(3))
        written, released = Signal(), Signal()
        m.d.sync += tiles.eq(tiles + written - released)

        w_bank = Signal()
        w_tile = Signal(range(len(words_in_tile)))
        w_word = Signal(range(stride))
        w_last_word = Signal(range(stride))
        last_tile = Signal()
        m.d.comb += [
            last_tile.eq(w_tile == len(words_in_tile) - 1),
            w_last_word.eq(Mux(last_tile, words_in_tile[-1] - 1, stride - 1)),
            self.i.ready.eq(~tiles[1]),
            write.en.eq(self.i.valid & self.i.ready),
            write.addr.eq(w_bank * stride + w_word),
            write.data.eq(self.i.payload.as_value()),
        ]
        with m.If(write.en):
            m.d.sync += w_word.eq(w_word + 1)
            with m.If(w_word == w_last_word):
                m.d.comb += written.eq(1)
                m.d.sync += [w_word.eq(0), w_bank.eq(~w_bank), w_tile.eq(Mux(last_tile, 0, w_tile + 1))]

        r_bank = Signal()
        r_address = Signal(index_bits(2 * stride))
        m.d.comb += [
            self.tile_ready.eq(tiles.any()),
            read.en.eq(self.step),
            read.addr.eq(r_address),
            self.word.as_value().eq(read.data),
        ]
        with m.If(self.step):
            m.d.sync += r_address.eq(r_address + 1)
            with m.If(self.rewind):
                m.d.sync += r_address.eq(r_bank * stride)
                with m.If(self.release):
                    m.d.comb += released.eq(1)
                    m.d.sync += [r_bank.eq(~r_bank), r_address.eq(~r_bank * stride)]

        m.d.comb += self.idle.eq((tiles == 0) & (w_word == 0) & (w_tile == 0))
        return m
