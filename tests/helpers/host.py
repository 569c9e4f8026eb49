"""The host's side of the link, as a test plays it: bit by bit, or as a transport of a host client."""

import queue
import threading

from hw.chip import Chip
from tests.helpers.rtl import Bench

DIVISOR = 4


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
