"""cocotb testbench of the whole chip: carries bytes between its UART pins and a :class:`sim.chip.ChipPort`.

Nothing is compared here. The job is a file as :mod:`sim.job` says, which holds ``wire``, the number of the
socket over which orders come, ``divisor``, the clock cycles per bit, ``boot_cycles`` to wait before the first
order, and ``patience_cycles`` to wait for each byte that is read. ``flash``, if not empty, goes into the
bench's memory of that name. Reading an order blocks the simulator: its time stands still while the host is
thinking, so what the chip does never depends on how fast the host is.
"""

import socket
from contextlib import suppress
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.queue import Queue
from cocotb.triggers import FallingEdge, RisingEdge, SimTimeoutError, Timer, with_timeout

from sim.chip import CAME, HEADER, Order
from sim.job import JOB

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
    """Follow orders until the last one, or until the host is gone."""
    with np.load(JOB) as job:
        divisor, wire = int(job["divisor"]), int(job["wire"])
        boot_ns = int(job["boot_cycles"]) * PERIOD_NS
        patience_ns = int(job["patience_cycles"]) * PERIOD_NS
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

    with socket.socket(fileno=wire) as host, host.makefile("rb") as orders:
        while header := orders.read(HEADER.size):
            order, number = HEADER.unpack(header)
            if order == Order.WRITE:
                await uart.send(orders.read(number))
            elif order == Order.WAIT:
                await Timer(number * PERIOD_NS, unit="ns")
            elif order == Order.READ:
                came = bytearray()
                with suppress(SimTimeoutError):
                    while len(came) < number:
                        came.append(await with_timeout(uart.received.get(), patience_ns, "ns"))
                host.sendall(CAME.pack(len(came)) + came)
            else:
                assert order == Order.END, order
                await Timer(4 * BITS * divisor * PERIOD_NS, unit="ns")  # time for what should not come
                host.sendall(CAME.pack(uart.received.qsize()))
                return
