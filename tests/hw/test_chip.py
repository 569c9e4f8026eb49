"""A host's conversation with the chip over its two pins, and the feature buffer behind it."""

import pytest

from hw.array.codes.code_image import code_bytes, flash_contents
from hw.chip import Chip
from hw.geometry import ArrayGeometry
from hw.host import protocol
from hw.host.feature_buffer import FeatureBuffer
from sw.reference import pipeline
from tests.helpers.bundles import random_bundle, random_images, random_levels
from tests.helpers.flash import Flash
from tests.helpers.host import DIVISOR, Host
from tests.helpers.image_cases import CASES as IMAGE_CASES
from tests.helpers.rtl import Bench
from tests.helpers.shapes import SHAPES


@pytest.mark.parametrize(
    "name",
    ["plain", "rows_not_a_multiple_of_lanes", "several_templates", "large_margin", "windows_that_leak"],
)
def test_conversation(name):
    shape = SHAPES[name]
    bundle = random_bundle(shape, seed=1, codes="random")
    expected = pipeline.run_levels(bundle, random_levels(shape, 3, seed=2))
    dut = Chip(bundle, DIVISOR)
    bench = Bench(dut, budget=40_000)

    async def talk(ctx):
        host = Host(ctx, dut)
        await host.send(bytes([protocol.Opcode.IDENTIFY]))
        identity = protocol.Identity.from_bytes(await host.receive(protocol.IDENTITY_BYTES))
        assert identity == protocol.identity_of(bundle)
        await host.send(b"?")
        assert await host.receive(1) == bytes([protocol.UNKNOWN])
        for byte in protocol.index_request(0):  # without noise each one is a request, and unknown
            await host.send(bytes([byte]))
            assert await host.receive(1) == bytes([protocol.UNKNOWN])
        for image in range(3):
            await host.send(protocol.load_request(expected.levels[image], shape))
            assert await host.receive(1) == bytes([protocol.Opcode.LOAD])
            for opcode in (protocol.Opcode.CLASSIFY, protocol.Opcode.RESULT, protocol.Opcode.CLASSIFY):
                await host.send(bytes([opcode]))
                answer = protocol.Answer.from_bytes(await host.receive(protocol.ANSWER_BYTES))
                want = expected.accepted, expected.label, expected.template, expected.margin
                assert answer == tuple(field[image] for field in want)
            await host.send(bytes([protocol.Opcode.SCORES]))
            scores = await host.receive(protocol.SCORE_BYTES * shape.templates)
            assert protocol.parse_scores(scores) == expected.scores[image].tolist()
        assert not ctx.get(dut.busy)

    bench.testbench(talk)
    bench.run()


@pytest.mark.parametrize("name", ["pixels_are_the_features", "parallel", "colour_parallel"])
def test_images_over_the_wire(name):
    shape, parallelism = IMAGE_CASES[name]
    bundle = random_bundle(shape, seed=1, codes="random")
    images = random_images(shape, 3, seed=2)
    expected = pipeline.run(bundle, images)
    dut = Chip(bundle, DIVISOR, parallelism)
    bench = Bench(dut, budget=40_000)

    async def talk(ctx):
        host = Host(ctx, dut)
        await host.send(bytes([protocol.Opcode.IDENTIFY]))
        identity = protocol.Identity.from_bytes(await host.receive(protocol.IDENTITY_BYTES))
        assert identity == protocol.identity_of(bundle, with_front_end=True)
        assert identity.image_values == images[0].size
        await host.send(bytes([protocol.Opcode.LOAD]))
        assert await host.receive(1) == bytes([protocol.UNKNOWN])
        for number, image in enumerate(images):
            await host.send(protocol.image_request(image))
            answer = protocol.Answer.from_bytes(await host.receive(protocol.ANSWER_BYTES))
            want = expected.accepted, expected.label, expected.template, expected.margin
            assert answer == tuple(field[number] for field in want)
        await host.send(bytes([protocol.Opcode.SCORES]))
        scores = await host.receive(protocol.SCORE_BYTES * shape.templates)
        assert protocol.parse_scores(scores) == expected.scores[-1].tolist()

    bench.testbench(talk)
    bench.run()


def test_the_host_sets_the_index_on_which_read_noise_depends():
    shape = SHAPES["several_templates"]
    bundle = random_bundle(shape, seed=1, codes="random", noise=True, inl=True)
    levels = random_levels(shape, 1, seed=2)
    dut = Chip(bundle, DIVISOR)
    bench = Bench(dut, budget=60_000)

    async def scores_of(host, index):
        await host.send(bytes([protocol.Opcode.CLASSIFY]))
        await host.receive(protocol.ANSWER_BYTES)
        await host.send(bytes([protocol.Opcode.SCORES]))
        scores = protocol.parse_scores(await host.receive(protocol.SCORE_BYTES * shape.templates))
        assert scores == pipeline.run_levels(bundle, levels, index).scores[0].tolist()
        return tuple(scores)

    async def talk(ctx):
        host = Host(ctx, dut)
        await host.send(protocol.load_request(levels[0], shape))
        assert await host.receive(1) == bytes([protocol.Opcode.LOAD])
        first, second = await scores_of(host, 0), await scores_of(host, 1)
        assert first != second
        for index in (0, 0x01020304):
            await host.send(protocol.index_request(index))
            assert await host.receive(1) == bytes([protocol.Opcode.INDEX])
            again = await scores_of(host, index)
            assert (again == first) == (index == 0)
            await scores_of(host, index + 1)

    bench.testbench(talk)
    bench.run()


@pytest.fixture
def short_pauses(monkeypatch):
    monkeypatch.setattr("hw.array.codes.flash.PAUSE_CYCLES", 16)


def chip_with_flash(bench, dut, talk):
    """Run a conversation with a chip whose flash is empty until it is written."""
    flash = Flash(dut.flash)
    bench.testbench(lambda ctx: talk(ctx, Host(ctx, dut), flash))
    bench.background(flash.run)
    bench.run()


async def until_ready(ctx, dut, flash, bundle):
    assert ctx.get(dut.busy)
    flash.contents = flash_contents(code_bytes(bundle))
    while not ctx.get(dut.ready):
        await ctx.tick()
    assert not ctx.get(dut.busy)


def test_chip_says_it_is_not_ready_until_its_codes_are_there(short_pauses):
    shape, parallelism = IMAGE_CASES["pixels_are_the_features"]
    bundle = random_bundle(shape, seed=1, codes="random")
    images = random_images(shape, 1, seed=2)
    expected = pipeline.run(bundle, images)
    dut = Chip(bundle, DIVISOR, parallelism, spram=True)

    async def talk(ctx, host, flash):
        await host.send(bytes([protocol.Opcode.IDENTIFY]))
        identity = protocol.Identity.from_bytes(await host.receive(protocol.IDENTITY_BYTES))
        assert identity == protocol.identity_of(bundle, with_front_end=True, ready=False)
        for request in (protocol.image_request(images[0]), b"R", b"S"):
            await host.send(request)
            assert await host.receive(1) == bytes([protocol.NOT_READY])
        await host.send(b"C")
        assert await host.receive(1) == bytes([protocol.UNKNOWN])
        await until_ready(ctx, dut, flash, bundle)
        await host.send(bytes([protocol.Opcode.IDENTIFY]))
        identity = protocol.Identity.from_bytes(await host.receive(protocol.IDENTITY_BYTES))
        assert identity == protocol.identity_of(bundle, with_front_end=True)
        for number, image in enumerate(images):
            await host.send(protocol.image_request(image))
            answer = protocol.Answer.from_bytes(await host.receive(protocol.ANSWER_BYTES))
            want = expected.accepted, expected.label, expected.template, expected.margin
            assert answer == tuple(field[number] for field in want)

    chip_with_flash(Bench(dut, budget=60_000), dut, talk)


def test_features_may_be_loaded_before_the_chip_is_ready(short_pauses):
    shape = SHAPES["plain"]
    bundle = random_bundle(shape, seed=1, codes="random")
    expected = pipeline.run_levels(bundle, random_levels(shape, 1, seed=2))
    dut = Chip(bundle, DIVISOR, spram=True)

    async def talk(ctx, host, flash):
        await host.send(protocol.load_request(expected.levels[0], shape))
        assert await host.receive(1) == bytes([protocol.Opcode.LOAD])
        await host.send(bytes([protocol.Opcode.CLASSIFY]))
        assert await host.receive(1) == bytes([protocol.NOT_READY])
        await until_ready(ctx, dut, flash, bundle)
        await host.send(bytes([protocol.Opcode.CLASSIFY]))
        answer = protocol.Answer.from_bytes(await host.receive(protocol.ANSWER_BYTES))
        assert answer.margin == expected.margin[0]
        assert answer.template == expected.template[0]

    chip_with_flash(Bench(dut, budget=60_000), dut, talk)


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "rows_not_a_multiple_of_lanes",
        "one_row_per_tile",
        "one_feature",
        "windows",
        "windows_that_leak",
    ],
)
def test_feature_buffer_gives_words_of_every_image(name):
    shape = SHAPES[name]
    levels = random_levels(shape, 3, seed=3)
    words = ArrayGeometry(shape).pack_levels(levels)
    dut = FeatureBuffer(shape)
    bench = Bench(dut, seed=4)

    async def load_and_start(ctx):
        for image in levels:
            for byte in protocol.load_request(image, shape)[1:]:
                ctx.set(dut.i.payload, byte)
                ctx.set(dut.i.valid, 1)
                await ctx.tick().until(dut.i.ready)
            ctx.set(dut.i.valid, 0)
            await ctx.tick().until(dut.loaded)
            ctx.set(dut.start, 1)
            await ctx.tick()
            ctx.set(dut.start, 0)
            while ctx.get(dut.sending) or ctx.get(dut.o.valid):
                await ctx.tick()

    got = bench.consume(dut.o, 3 * len(words[0]))
    bench.testbench(load_and_start)
    bench.run()
    assert [list(word) for word in got] == words.reshape(-1, shape.row_lanes).tolist()
