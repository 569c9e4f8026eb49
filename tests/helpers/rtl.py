"""Small harness around Amaranth's simulator: streams with seeded stalls and a cycle budget."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from amaranth.hdl import Elaboratable, Value, ValueCastable
from amaranth.hdl._ir import Design, build_netlist
from amaranth.sim import Simulator
from amaranth.sim.pysim import PySimEngine

from hw.array.codes.code_image import code_bytes

__all__ = ["Bench"]

PERIOD_SECONDS = 1e-6
STEPS_PER_CYCLE = 2


def raw_and_reader(payload: Any) -> tuple[Value, Callable[[int], Any]]:
    """A payload as plain bits, and what reads an item from them.

    An item of several fields costs more to make than the simulator's whole cycle, so it is made only of
    bits that are valid.
    """
    raw = Value.cast(payload)
    return raw, payload.shape().from_bits if isinstance(payload, ValueCastable) else int


class LoopFree(PySimEngine):
    """Amaranth's engine for a design without combinational loops, in which it would hang.

    The netlist, which refuses a loop, is made of the design that the simulator has elaborated: converting
    the component on its own elaborates it a second time, and took longer than most simulations.
    """

    def __init__(self, design: Design):
        build_netlist(design)
        super().__init__(design)


class Bench:
    """Runs one component with producers and consumers on its streams.

    A combinational loop is an error, and a test that is not done within `budget` cycles fails.
    """

    def __init__(self, dut: Elaboratable, *, seed: int = 0, stall: float = 0.3, budget: int = 20_000):
        self.dut = dut
        self._seed = np.random.SeedSequence(seed)
        self._stall = stall
        self._simulator = Simulator(dut, engine=LoopFree)
        self._simulator.add_clock(PERIOD_SECONDS)
        self._budget = budget
        self._running = 0

    def _waits(self) -> Callable[[], bool]:
        rng = np.random.default_rng(self._seed.spawn(1)[0])
        return lambda: bool(rng.random() < self._stall)

    def produce(self, port: Any, items: Iterable[Any]) -> None:
        """Offer `items` on an input stream, in order, with random pauses."""
        waits = self._waits()

        async def drive(ctx):
            for item in items:
                while waits():
                    await ctx.tick()
                ctx.set(port.payload, item)
                ctx.set(port.valid, 1)
                await ctx.tick().until(port.ready)
                ctx.set(port.valid, 0)

        self.testbench(drive)

    def consume(self, port: Any, count: int) -> list[Any]:
        """Take `count` items from an output stream, with random pauses; the list fills while running.

        Fails when an offer is withdrawn or changed before it is taken.
        """
        waits, got = self._waits(), []

        raw, item_of = raw_and_reader(port.payload)

        async def take(ctx):
            ready, offered = not waits(), None
            ctx.set(port.ready, ready)
            async for _, _, valid, bits in ctx.tick().sample(port.valid, raw):
                assert offered is None or (valid and bits == offered), "an offer was withdrawn or changed"
                offered = bits if valid and not ready else None
                was_ready = ready
                if valid and ready:
                    got.append(item_of(bits))
                    ready = False
                    if len(got) == count:
                        break
                ready = ready or not waits()
                if ready != was_ready:
                    ctx.set(port.ready, ready)
            ctx.set(port.ready, 0)

        self.testbench(take)
        return got

    def watch(self, port: Any, count: int) -> list[Any]:
        """Record `count` items of a tap (valid and payload, no ready)."""
        got: list[Any] = []

        raw, item_of = raw_and_reader(port.payload)

        async def record(ctx):
            async for _, _, valid, bits in ctx.tick().sample(port.valid, raw):
                if valid:
                    got.append(item_of(bits))
                if len(got) == count:
                    return

        self.testbench(record)
        return got

    def testbench(self, process: Callable) -> None:
        """Add a process; the run lasts until all of them are done."""

        async def counted(ctx):
            await process(ctx)
            self._running -= 1

        self._running += 1
        self._simulator.add_testbench(counted)

    def background(self, process: Callable) -> None:
        """Add a process that the run does not wait for."""
        self._simulator.add_testbench(process, background=True)

    def run(self) -> None:
        """Run until every process is done, or fail when the budget is spent."""
        for _ in range(self._budget * STEPS_PER_CYCLE):
            if not self._running:
                return
            self._simulator.advance()
        raise AssertionError(f"{self._running} processes not done after {self._budget} cycles")


async def offer(ctx, port, items):
    for item in items:
        ctx.set(port.payload, item)
        ctx.set(port.valid, 1)
        await ctx.tick().until(port.ready)
    ctx.set(port.valid, 0)


async def load(ctx, dut, bundle):
    """Give the codes to an array with single-port RAM, with a pause now and then."""
    codes = code_bytes(bundle)
    for at in range(0, len(codes), 2):
        ctx.set(dut.load.valid, 1)
        ctx.set(dut.load.payload, int.from_bytes(codes[at : at + 2], "little"))
        await ctx.tick()
        ctx.set(dut.load.valid, 0)
        for _ in range(at % 3):
            await ctx.tick()
