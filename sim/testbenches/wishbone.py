"""cocotb testbench of the Wishbone core, whose bus is driven by cocotbext-wishbone as software would.

The job has ``images`` uint8 (N, pixels), ``templates``, ``seed`` and ``patience`` in cycles, and, for a core
with read noise, ``jump``: the image that gets another index, which is ``index``, or -1. The outcome has the
``answers`` (N, 4) of label, template, margin and accepted, ``scores`` (N, templates), -1 where they were not
read, the registers of ``identity``, how many pixels were ``refused``, and ``cycles``. It begins with a reset
in the middle of an image, of which nothing may be left.
"""

from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from cocotb.utils import get_sim_time
from cocotbext.wishbone.driver import WBOp, WishboneMaster
from numpy.typing import NDArray

from hw.cores.registers import Control, Offset, Status
from sim.job import JOB, OUTCOME, PROGRESS

PERIOD_NS = 2
SIGNALS = {
    "cyc": "cyc_i",
    "stb": "stb_i",
    "we": "we_i",
    "sel": "sel_i",
    "adr": "adr_i",
    "datwr": "dat_i",
    "datrd": "dat_o",
    "ack": "ack_o",
}
"""Names of the bus model, and ours behind ``wb_``."""
MOST_INSIDE = 2
RESULT = (Offset.label, Offset.template, Offset.margin, Offset.accepted)
IDENTITY = (
    *(Offset.identity, Offset.version, Offset.digest_low),
    *(Offset.digest_high, Offset.size, Offset.counts),
)


class Software:
    """What a processor does with the core, at random times."""

    def __init__(self, dut: Any, rng: np.random.Generator, patience: int):
        self._rng, self._patience = rng, patience
        self._bus = WishboneMaster(dut, "wb", dut.clk, timeout=patience, signals_dict=SIGNALS)
        self.refused = 0

    async def read(self, *places: Offset) -> list[int]:
        """Values of registers, in one bus cycle."""
        operations = [self._access(place + int(self._rng.integers(4))) for place in places]
        return [int(answer.datrd) for answer in await self._bus.send_cycle(operations)]

    async def write(self, place: Offset, value: int) -> None:
        """Write a whole register."""
        await self._bus.send_cycle([self._access(place, value)])

    async def status(self) -> Status:
        """The status register."""
        (value,) = await self.read(Offset.status)
        return Status(value)

    async def until(self, bit: Status) -> Status:
        """Ask for the status until a bit of it is set."""
        for _ in range(self._patience):
            status = await self.status()
            if bit in status:
                return status
        raise AssertionError(f"{bit} never came")

    async def send(self, pixels: NDArray[np.uint8]) -> None:
        """Write pixels, some of them in words, others in fewer bytes of one, in bus cycles of any length."""
        operations = []
        left = pixels.tolist()
        while left:
            enough = [mask for mask in range(1, 16) if mask.bit_count() <= len(left)]
            mask = 15 if 15 in enough and self._rng.random() < 0.5 else int(self._rng.choice(enough))
            data = [left.pop(0) if mask >> byte & 1 else int(self._rng.integers(256)) for byte in range(4)]
            word = int.from_bytes(bytes(data), "little")
            operations.append(self._access(Offset.pixels, word, mask))
        while operations:
            some = int(self._rng.integers(1, len(operations) + 1))
            await self._bus.send_cycle(operations[:some])
            operations = operations[some:]

    async def scores(self, templates: int) -> list[int]:
        """All scores, which the status allows to be read."""
        values = []
        for template in range(templates):
            await self.write(Offset.select, template)
            values += await self.read(Offset.score)
        return values

    async def provoke(self) -> None:
        """Offer a pixel where there is no room, then write a register that cannot be written."""
        await self._bus.send_cycle([self._access(Offset.pixels, 0xA5, 1)])
        assert Status.error in await self.status(), "a pixel without room must be told of"
        await self.write(Offset.control, Control.clear)
        assert Status.error not in await self.status()
        await self.write(Offset.label, 1)
        assert Status.error in await self.status(), "a write to a register that is read must be told of"
        await self.write(Offset.control, Control.clear)
        self.refused += 1

    def _access(self, place: int, value: int | None = None, sel: int = 15) -> WBOp:
        """A read, or a write of `value`, after some idle cycles; it must be done in time."""
        idle = int(self._rng.integers(4)) if self._rng.random() < 0.3 else 0
        return WBOp(place, value, idle=idle, sel=sel, acktimeout=self._patience)


@cocotb.test()
async def registers(dut: Any) -> None:
    """Classify all images; up to two are inside at a time."""
    with np.load(JOB) as job:
        images, templates, seed = job["images"], int(job["templates"]), int(job["seed"])
        patience, jump, index = int(job["patience"]), int(job["jump"]), int(job["index"])
    rng = np.random.default_rng(seed)
    dut.rst.value = 1
    for name in ("cyc", "stb", "we", "sel", "adr", "dat"):
        getattr(dut, f"wb_{name}_i").value = 0
    Clock(dut.clk, PERIOD_NS, unit="ns", impl="gpi").start()
    await ClockCycles(dut.clk, 4)
    # The model sets its outputs at once. Before the first cycle that makes Icarus forget gates behind them.
    software = Software(dut, rng, patience)
    dut.rst.value = 0
    await RisingEdge(dut.clk)
    identity = await software.read(*IDENTITY)
    await software.send(images[0][: (len(images[0]) + 1) // 2])
    await software.write(Offset.control, Control.reset)
    assert await software.status() == Status.room

    answers = np.full((len(images), len(RESULT)), -1)
    scores = np.full((len(images), templates), -1)
    began, finished = get_sim_time("ns"), 0
    with Path(PROGRESS).open("wb", buffering=0) as done:
        sent = 0
        while finished < len(images):
            drained = sent == finished
            may_send = sent < len(images) and sent - finished < MOST_INSIDE and (drained or sent != jump)
            if may_send and (drained or rng.random() < 0.5):
                await software.until(Status.room)
                if sent == jump:
                    await software.write(Offset.index, index)
                await software.send(images[sent])
                sent += 1
                continue
            if sent - finished == MOST_INSIDE and rng.random() < 0.3:
                await software.provoke()
            status = await software.until(Status.result)
            assert int(dut.irq_o.value) == 1
            answers[finished] = await software.read(*RESULT)
            if Status.scores in status:
                scores[finished] = await software.scores(templates)
            await software.write(Offset.control, Control.taken)
            finished += 1
            done.write(b".")
    cycles = int(get_sim_time("ns") - began) // PERIOD_NS
    status = await software.status()
    assert status & ~Status.scores == Status.room, f"{status} at the end"
    np.savez(
        OUTCOME,
        answers=answers,
        scores=scores,
        identity=np.array(identity),
        refused=software.refused,
        cycles=cycles,
    )
