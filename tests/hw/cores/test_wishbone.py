"""The Wishbone core, access by access: what is answered when, and what does nothing but tell."""

from hw.cores.registers import Control, Offset, Status, identity
from hw.cores.wishbone import WishboneCore
from hw.frontend.schedule import Parallelism
from hw.rtlil import to_rtlil
from sw.reference import pipeline
from sw.reference.pulse import PulseRule
from tests.helpers.bundles import TINY, random_bundle, random_images
from tests.helpers.rtl import Bench

SIZES = (Parallelism(), Parallelism())
BUNDLE = random_bundle(TINY.with_(cell_bits=4, margin=3), seed=3, codes="random")
NOISY = random_bundle(BUNDLE.design, seed=3, codes="random", noise=True)
WHOLE = 15
IMAGES = random_images(TINY, 3, seed=5)
PATIENCE = 5000


class Bus:
    """A bus whose accesses follow each other at once; counts the cycles of each."""

    def __init__(self, ctx, dut):
        self._ctx, self._dut = ctx, dut
        self.cycles = 0

    async def _access(self, place):
        ctx, dut = self._ctx, self._dut
        ctx.set(dut.wb_adr_i, place)
        ctx.set(dut.wb_cyc_i, 1)
        ctx.set(dut.wb_stb_i, 1)
        self.cycles = 1
        while True:
            _, _, acknowledged, value = await ctx.tick().sample(dut.wb_ack_o, dut.wb_dat_o)
            if acknowledged:
                break
            self.cycles += 1
            assert self.cycles < PATIENCE, "the bus hangs"
        ctx.set(dut.wb_cyc_i, 0)
        ctx.set(dut.wb_stb_i, 0)
        return value

    async def read(self, place):
        self._ctx.set(self._dut.wb_we_i, 0)
        return await self._access(place)

    async def write(self, place, value, sel=WHOLE):
        self._ctx.set(self._dut.wb_we_i, 1)
        self._ctx.set(self._dut.wb_sel_i, sel)
        self._ctx.set(self._dut.wb_dat_i, int(value))
        await self._access(place)

    async def image(self, image):
        for pixel in image.reshape(-1).tolist():
            await self.write(Offset.pixels, pixel, sel=1)

    async def until(self, bit):
        for _ in range(PATIENCE):
            status = Status(await self.read(Offset.status))
            if bit in status:
                return status
        raise AssertionError(bit)


def simulated(bundle, process):
    dut = WishboneCore(bundle, SIZES)
    bench = Bench(dut, budget=50_000)

    async def run(ctx):
        await process(Bus(ctx, dut))

    bench.testbench(run)
    bench.run()


def test_three_images_without_reading_never_hang_the_bus_and_cost_only_themselves():
    async def process(bus):
        for image in IMAGES[:2]:
            await bus.until(Status.room)
            await bus.image(image)
        await bus.image(IMAGES[2])  # no room: dropped as a whole, and the bus goes on
        assert await bus.until(Status.result) == Status.result | Status.error
        await bus.write(Offset.control, Control.clear)
        for image in range(2):
            status = await bus.until(Status.result)
            assert (Status.scores in status) == (image == 1)
            assert await bus.read(Offset.margin) == expected.margin[image]
            assert await bus.read(Offset.label) == expected.label[image]
            await bus.write(Offset.control, Control.taken)
        for template, score in enumerate(expected.scores[1].tolist()):  # still there
            await bus.write(Offset.select, template)
            assert await bus.read(Offset.score) == score
        assert await bus.read(Offset.status) == Status.room | Status.scores

    expected = pipeline.run(BUNDLE, IMAGES)
    simulated(BUNDLE, process)


def test_every_register_answers_in_two_cycles_and_what_cannot_be_written_tells():
    async def process(bus):
        fixed = identity(BUNDLE)
        for place in Offset:
            value = await bus.read(place)
            assert bus.cycles == 2
            if place in fixed:
                assert value == fixed[place]
            if place in (Offset.control, Offset.pixels, Offset.index, Offset.select):
                assert value == 0
        for place in Offset:
            for sel in (WHOLE, 0b0111):
                pixel = place is Offset.pixels
                await bus.write(place, 0, sel=0 if pixel else sel)
                assert bus.cycles == 2
                good = pixel or (place in (Offset.control, Offset.select) and sel == WHOLE)
                assert await bus.read(Offset.status) == Status.room | (0 if good else Status.error), place
                await bus.write(Offset.control, Control.clear)

    simulated(BUNDLE, process)


def test_the_index_is_taken_between_images_only():
    async def process(bus):
        await bus.write(Offset.index, 70_000)
        assert await bus.read(Offset.status) == Status.room
        await bus.image(IMAGES[0])
        await bus.write(Offset.index, 5)
        assert Status.error in await bus.until(Status.result)
        assert await bus.read(Offset.margin) == expected.margin[0]
        await bus.write(Offset.control, Control.taken | Control.clear)
        await bus.image(IMAGES[1])
        await bus.until(Status.result)
        assert await bus.read(Offset.margin) == expected.margin[1]

    expected = pipeline.run(NOISY, IMAGES[:2], 70_000)
    assert (expected.margin != pipeline.run(NOISY, IMAGES[:2]).margin).all()
    simulated(NOISY, process)


def test_it_has_no_programmer():
    programmable = BUNDLE.with_array(pulse=PulseRule(key=(1, 2, 3, 4)))
    assert "programmer" not in to_rtlil(WishboneCore(programmable, SIZES), "core")
