"""cocotb testbench of the whole chip: talks to it over its UART pins and keeps every byte of the answers.

Nothing is compared here. Job and outcome are files as :mod:`sim.job` says. The job holds ``divisor``, the
clock cycles per bit, ``boot_cycles`` to wait before the first request, ``patience_cycles`` to wait for each
byte, ``requests``, all bytes to send, and for each request its length, the number of bytes to wait for
before the next, and the clock cycles to wait first: ``sent``, ``awaited`` and ``pauses``. A byte that does
not come ends the conversation. ``flash``, if not empty, goes into the bench's memory of that name.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.queue import Queue
from cocotb.triggers import FallingEdge, RisingEdge, SimTimeoutError, Timer, with_timeout

from sim.job import JOB, OUTCOME, PROGRESS

PERIOD_NS = 2
BITS = 10
"""Start, eight data bits, stop."""


class Uart:
    """The far end of the chip's UART, 8N1, which knows nothing of the chip's clock but its period."""

    def __init__(self, dut: Any, divisor: int):
        self._dut = dut
        self._bit_ns = divisor * PERIOD_NS
        self.received: Queue[int] = Queue()
        dut.rx.value = 1

    async def send(self, data: bytes) -> None:
        """Send bytes without a pause between them."""
        for byte in data:
            frame = 1 << 9 | byte << 1
            for position in range(BITS):
                self._dut.rx.value = frame >> position & 1
                await Timer(self._bit_ns, unit="ns")

    async def listen(self) -> None:
        """Put every byte that arrives into `received`; a broken stop bit ends the test."""
        while True:
            await FallingEdge(self._dut.tx)
            await Timer(self._bit_ns + self._bit_ns // 2, unit="ns")
            byte = 0
            for position in range(8):
                byte |= int(self._dut.tx.value) << position
                await Timer(self._bit_ns, unit="ns")
            assert int(self._dut.tx.value) == 1, "stop bit expected"
            self.received.put_nowait(byte)


@cocotb.test()
async def conversation(dut: Any) -> None:
    """Send every request and keep what comes back."""
    with np.load(JOB) as job:
        divisor, data = int(job["divisor"]), job["requests"].tobytes()
        boot_ns = int(job["boot_cycles"]) * PERIOD_NS
        patience_ns = int(job["patience_cycles"]) * PERIOD_NS
        sent, awaited, pauses = (job[name].tolist() for name in ("sent", "awaited", "pauses"))
        flash = job["flash"].tolist()
    uart = Uart(dut, divisor)
    for place, byte in enumerate(flash):
        dut.flash[place].value = byte
    dut.rst.value = 1
    Clock(dut.clk, PERIOD_NS, unit="ns", impl="gpi").start()
    for _ in range(2):
        await RisingEdge(dut.clk)
    dut.rst.value = 0
    cocotb.start_soon(uart.listen())
    await Timer(boot_ns + 2 * divisor * PERIOD_NS, unit="ns")

    answers = bytearray()
    start = 0
    with suppress(SimTimeoutError), Path(PROGRESS).open("wb", buffering=0) as answered:
        for length, count, pause in zip(sent, awaited, pauses, strict=True):
            if pause:
                await Timer(pause * PERIOD_NS, unit="ns")
            await uart.send(data[start : start + length])
            start += length
            for _ in range(count):
                answers.append(await with_timeout(uart.received.get(), patience_ns, "ns"))
            answered.write(b".")
    await Timer(4 * BITS * divisor * PERIOD_NS, unit="ns")  # time for what should not come
    extra = uart.received.qsize()
    np.savez(OUTCOME, answers=np.frombuffer(bytes(answers), np.uint8), extra=np.int64(extra))
