"""Maps: the memories of a folded front end, one for the pixels of an image and one for the feature maps."""

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.frontend.folded.fold import Fold
from hw.frontend.folded.layer_table import table_layout
from hw.frontend.unit_memories import memory_style
from hw.payloads import index_bits
from sw.design.layer import PIXEL_BITS

__all__ = ["MapMemory", "MapWriter", "write_layout"]


def write_layout(fold: Fold, word: data.Layout) -> data.StructLayout:
    """A word on its way to the memory of the maps."""
    return data.StructLayout({"enable": 1, "address": unsigned(fold.address_bits), "word": word})


class MapMemory(wiring.Component):
    """Takes an image, keeps the maps between layers, and reads both for each tap.

    Pixels are taken while there is no whole image, so those of the next image come in as soon as the first
    layer is through with this one; then they wait. Latency of a read: 1 cycle. Throughput: one word written
    and `taps` words read per cycle.

    Parameters
    ----------
    fold
        Sizes.

    Attributes
    ----------
    word
        Layout of a word of a map.

    Members
    -------
    i
        Words of pixels, row after row, image after image.
    image, image_done
        A whole image is there; it is needed no longer.
    write
        A word of a map to be written, see :func:`write_layout`.
    advance
        The outputs keep their values while it is low.
    reads, first_layer, addresses
        Something is to be read, the pixels of the image or words of a map, and where.
    pixels, words
        For each tap, the words of the image and of a map at its address. `words` is absent with a single
        layer.
    """

    def __init__(self, fold: Fold):
        self._fold = fold
        taps = fold.parallelism.taps
        self.word = data.ArrayLayout(fold.stored_shape, fold.parallelism.input_lanes)
        self._pixel_bits = fold.pixel_lanes * PIXEL_BITS
        members = {
            "i": In(stream.Signature(self._pixel_bits)),
            "image": Out(1),
            "image_done": In(1),
            "advance": In(1),
            "reads": In(1),
            "first_layer": In(1),
            "addresses": In(data.ArrayLayout(unsigned(fold.address_bits), taps)),
            "write": In(write_layout(fold, self.word)),
            "pixels": Out(data.ArrayLayout(self._pixel_bits, taps)),
        }
        if fold.map_depth:
            members["words"] = Out(data.ArrayLayout(self.word, taps))
        super().__init__(members)

    def elaborate(self, platform):
        """One copy of both memories per tap."""
        m = Module()
        depth = self._fold.image_words
        pixel = Signal(index_bits(depth))
        taken = Signal()
        m.d.comb += [self.i.ready.eq(~self.image), taken.eq(self.i.valid & self.i.ready)]
        with m.If(self.image_done):
            m.d.sync += self.image.eq(0)
        with m.If(taken):
            m.d.sync += pixel.eq(pixel + 1)
            with m.If(pixel == depth - 1):
                m.d.sync += [pixel.eq(0), self.image.eq(1)]
        for tap in range(self._fold.parallelism.taps):
            address = self.addresses[tap]
            image = self._memory(m, f"pixels_{tap}", depth, self._pixel_bits)
            self._write(m, image, taken, pixel, self.i.payload)
            self._read(m, image, self.first_layer, address, self.pixels[tap])
            if self._fold.map_depth:
                maps = self._memory(m, f"maps_{tap}", self._fold.map_depth, self.word.size)
                self._write(m, maps, self.write.enable, self.write.address, self.write.word.as_value())
                self._read(m, maps, ~self.first_layer, address, self.words[tap].as_value())
        return m

    def _memory(self, m: Module, name: str, depth: int, width: int) -> memory.Memory:
        style = memory_style(depth, width, writable=True)
        m.submodules[name] = made = memory.Memory(
            shape=unsigned(width), depth=depth, init=[], attrs={"ram_style": style}
        )
        return made

    def _write(self, m: Module, target: memory.Memory, enable, address, value) -> None:
        port = target.write_port()
        m.d.comb += [port.en.eq(enable), port.addr.eq(address), port.data.eq(value)]

    def _read(self, m: Module, source: memory.Memory, wanted, address, value) -> None:
        port = source.read_port()
        enable = self.advance & self.reads & wanted
        m.d.comb += [port.en.eq(enable), port.addr.eq(address), value.eq(port.data)]


class MapWriter(wiring.Component):
    """Collects the items of a layer into words and writes them where its map belongs.

    Values that belong to no channel, at the end of a pixel, are dropped where they fill a word; where they
    share one, they are multiplied by weights of 0. Latency: 1 cycle from the last item of a word to its
    write. Throughput: one item per cycle, without back-pressure.

    Parameters
    ----------
    fold
        Sizes.
    word
        Layout of a word.

    Members
    -------
    restart
        A layer starts.
    now
        Numbers of the layer, see :func:`hw.frontend.folded.layer_table.table_rows`.
    item_valid, item
        Values of `searchers` neighbouring channels.
    maxima_valid, maxima
        A whole word, of a max-pool.
    write
        For the memory, see :func:`write_layout`.
    """

    def __init__(self, fold: Fold, word: data.ArrayLayout):
        self._word = word
        self._places = fold.parallelism.input_lanes // fold.parallelism.searchers
        self._item = data.ArrayLayout(word.elem_shape, fold.parallelism.searchers)
        super().__init__(
            {
                "restart": In(1),
                "now": In(table_layout(fold)),
                "item_valid": In(1),
                "item": In(self._item),
                "maxima_valid": In(1),
                "maxima": In(word),
                "write": Out(write_layout(fold, word)),
            }
        )

    def elaborate(self, platform):
        """A word register, places counted within a word and within a pixel, a running address."""
        m = Module()
        now = self.now
        item, word = Signal.like(now.last_item), Signal.like(now.words)
        place = Signal(index_bits(self._places))
        address = Signal.like(self.write.address)
        collected = Signal(self._word.size)
        last_item, full, belongs, complete = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            belongs.eq(word < now.words),
            last_item.eq(item == now.last_item),
            full.eq(last_item | (place == self._places - 1)),
            self.write.enable.eq(complete | self.maxima_valid),
            self.write.address.eq(address),
            self.write.word.as_value().eq(Mux(self.maxima_valid, self.maxima.as_value(), collected)),
        ]
        m.d.sync += complete.eq(0)
        with m.If(self.item_valid):
            m.d.sync += [item.eq(Mux(last_item, 0, item + 1)), place.eq(Mux(full, 0, place + 1))]
            for number in range(self._places):
                with m.If(place == number):
                    m.d.sync += collected.word_select(number, self._item.size).eq(self.item.as_value())
            with m.If(full):
                m.d.sync += [complete.eq(belongs), word.eq(Mux(last_item, 0, word + belongs))]
        with m.If(self.restart):
            m.d.sync += address.eq(now.map_start)
        with m.Elif(self.write.enable):
            m.d.sync += address.eq(address + 1)
        return m
