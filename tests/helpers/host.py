"""The host's side of the link, as a test plays it: bit by bit, or as a transport of a host client; and chips
that the host's own side can be held against: a virtual board, and one that knows its answers beforehand."""

import json
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hw.array.codes.code_image import FLASH_OFFSET, code_bytes, flash_contents, flash_file
from hw.boards import known
from hw.chip import Chip
from hw.frontend.schedule import Parallelism
from hw.host.protocol import Answer, Opcode, identity_of
from sim.virtual.design import VirtualDesign
from sw.bundle import Bundle, save
from sw.design import DesignPoint
from sw.reference.pipeline import run
from tests.helpers.bundles import random_bundle, tiny_design
from tests.helpers.rtl import Bench

DIVISOR = 4
VIRTUAL_BAUD = 4_000_000
"""Few clock cycles per bit, so that little is to be simulated."""
VIRTUAL_DESIGN = tiny_design(height=9, width=8, row_lanes=2, cell_bits=2, adc_bits=3)
"""Its images are those of the fixture `data_file`."""


def virtual_design(**changes: object) -> VirtualDesign:
    """The one board that tests compile: an iCEBreaker with codes from flash, read noise and a front end.

    `changes` are attributes that do not touch the model, such as the flash.
    """
    bundle = random_bundle(VIRTUAL_DESIGN, 1, codes="random", noise=True)
    sizes = tuple(Parallelism() for _ in VIRTUAL_DESIGN.layers)
    flash = flash_contents(code_bytes(bundle))
    values = {"bundle": bundle, "parallelism": sizes, "baud": VIRTUAL_BAUD, "flash": flash}
    return VirtualDesign(board=known.load("icebreaker"), **(values | changes))


def build_of(design: VirtualDesign, folder: Path, **changes: object) -> None:
    """The files of a build of it that a virtual board needs; `changes` are to the report."""
    assert isinstance(design.parallelism, tuple)
    report = {
        "bundle": "chip",
        "digest": design.bundle.digest,
        "board_values": design.board.model_dump(mode="json"),
        "bitstream": f"elsewhere/chip-{design.board.name}.bin",
        "variant": "streaming",
        "parallelism": [str(size) for size in design.parallelism],
        "flash_offset": FLASH_OFFSET,
        "baud": design.baud,
    }
    (folder / "report.json").write_text(json.dumps(report | changes))
    save(design.bundle, folder / f"chip-{design.board.name}.engram")
    (folder / f"chip-{design.board.name}.bin").write_bytes(flash_file(b"bits", code_bytes(design.bundle)))


@contextmanager
def fake_chip(
    bundle: Bundle, images, change: Callable[[int, bytes], bytes] = lambda image, answer: answer
) -> Iterator[str]:
    """The URL of a socket at which a chip answers with the reference's values, in the order of `images`.

    `change` makes of the answer to an image what is sent.
    """
    expected = run(bundle, images)
    fields = (expected.accepted, expected.label, expected.template, expected.margin)

    def serve(design: DesignPoint, listening: socket.socket) -> None:
        with suppress(OSError), listening.accept()[0] as host, host.makefile("rb") as requests:
            number = -1
            while opcode := requests.read(1):
                answer = b"?"
                if opcode[0] == Opcode.IDENTIFY:
                    answer = identity_of(bundle, with_front_end=True).to_bytes()
                elif opcode[0] == Opcode.IMAGE:
                    requests.read(design.height * design.width)
                    number += 1
                    answer = change(number, Answer(*(int(field[number]) for field in fields)).to_bytes())
                elif opcode[0] == Opcode.SCORES:
                    answer = expected.scores[number].astype("<u4").tobytes()
                host.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(bundle.design, listening))
        thread.start()
        try:
            yield f"socket://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


class Host:
    """The other end of the wire."""

    def __init__(self, ctx, chip: Chip):
        self._ctx, self._chip = ctx, chip

    async def send(self, data: bytes) -> None:
        for byte in data:
            for bit in [0, *[byte >> i & 1 for i in range(8)], 1]:
                self._ctx.set(self._chip.rx, bit)
                await self._ctx.tick().repeat(DIVISOR)

    async def receive(self, count: int) -> bytes:
        got = []
        for _ in range(count):
            while self._ctx.get(self._chip.tx):
                await self._ctx.tick()
            await self._ctx.tick().repeat(DIVISOR + DIVISOR // 2)
            byte = 0
            for place in range(8):
                byte |= self._ctx.get(self._chip.tx) << place
                await self._ctx.tick().repeat(DIVISOR)
            got.append(byte)
        return bytes(got)


class Wire:
    """A transport to a chip in the simulator, which runs while somebody reads or writes.

    A read ends when no byte came for `limit` cycles, or never.
    """

    def __init__(self, chip: Chip, limit: float = float("inf")):
        self._chip, self._limit = chip, limit
        self._asked, self._came = queue.Queue(), queue.Queue()
        self._waiting = b""

    def write(self, data: bytes) -> None:
        self._asked.put(data)

    def read(self, size: int) -> bytes:
        self._asked.put(size)
        return self._came.get(timeout=60)

    def close(self) -> None:
        self._asked.put(None)

    async def serve(self, ctx) -> None:
        while (what := self._asked.get(timeout=60)) is not None:
            if isinstance(what, bytes):
                await Host(ctx, self._chip).send(what)
                continue
            quiet = 0
            while len(self._waiting) < what and quiet < self._limit:
                had = len(self._waiting)
                await ctx.tick()
                quiet = quiet + 1 if len(self._waiting) == had else 0
            self._came.put(self._waiting[:what])
            self._waiting = self._waiting[what:]

    async def listen(self, ctx) -> None:
        """What the chip sends may come while it is being asked."""
        while True:
            came = await Host(ctx, self._chip).receive(1)
            self._waiting += came


def over_the_wire(dut: Chip, talk, *, before=None, processes=(), limit: float = float("inf")) -> None:
    """Run `talk(port)` in a thread against the chip."""
    wire, bench, failures = Wire(dut, limit), Bench(dut, budget=400_000), []

    def person():
        try:
            talk(wire)
        except BaseException as failure:
            failures.append(failure)
        finally:
            wire.close()

    async def serve(ctx):
        if before:
            await before(ctx)
        thread = threading.Thread(target=person)
        thread.start()
        await wire.serve(ctx)
        thread.join()

    bench.testbench(serve)
    for process in (wire.listen, *processes):
        bench.background(process)
    bench.run()
    if failures:
        raise failures[0]


class Script:
    """A transport that gives prepared answers."""

    def __init__(self, answers: bytes):
        self._answers = answers
        self.sent: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def read(self, size: int) -> bytes:
        came, self._answers = self._answers[:size], self._answers[size:]
        return came
