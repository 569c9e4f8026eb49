"""A compiled chip as the far end of a host client: its UART pins under Verilator."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from sim.job import JOB, failure_in
from sim.models.runner import Model, start_model
from sw.files import scratch_folder
from sw.system.programs import Program, all_ended

__all__ = ["CAME", "HEADER", "ChipPort", "Order", "chip_port"]

PATIENCE_CYCLES = 500_000_000
HEADER = struct.Struct("<cQ")
"""Header of each message to the testbench: an order, and a number that belongs to it."""
CAME = struct.Struct("<Q")
"""Header of each answer of the testbench: its number of bytes."""


class Order:
    """Orders to the testbench; WRITE is followed by the bytes."""

    WRITE = b"W"
    READ = b"R"
    WAIT = b"T"
    END = b"E"


class ChipPort:
    """A :class:`hw.host.client.Transport` to a chip in simulation, whose time runs only while it is asked.

    Parameters
    ----------
    wire
        To the testbench.
    folder
        Where it runs.
    """

    def __init__(self, wire: socket.socket, folder: Path):
        self._wire, self._folder = wire, folder

    def write(self, data: bytes) -> None:
        """Send bytes over the UART, without a pause between them."""
        self._order(Order.WRITE, len(data), data)

    def read(self, size: int) -> bytes:
        """Bytes that came; fewer when one does not come in time."""
        self._order(Order.READ, size)
        return self._receive(self._number())

    def wait(self, cycles: int) -> None:
        """Let so many clock cycles pass."""
        self._order(Order.WAIT, cycles)

    def finish(self) -> None:
        """End the simulation.

        Raises
        ------
        RuntimeError
            If more came than was read.
        """
        self._order(Order.END, 0)
        if extra := self._number():
            raise RuntimeError(f"the chip sent {extra} bytes that nobody asked for")

    def _order(self, order: bytes, number: int, data: bytes = b"") -> None:
        try:
            self._wire.sendall(HEADER.pack(order, number) + data)
        except OSError:
            raise self._dead() from None

    def _number(self) -> int:
        (number,) = CAME.unpack(self._receive(CAME.size))
        return number

    def _receive(self, size: int) -> bytes:
        came = b""
        while len(came) < size:
            try:
                part = self._wire.recv(size - len(came))
            except ConnectionResetError:  # it ended with orders unread
                part = b""
            if not part:
                raise self._dead()
            came += part
        return came

    def _dead(self) -> Exception:
        return failure_in(self._folder)


@contextmanager
def chip_port(
    model: Model,
    divisor: int,
    *,
    boot_cycles: int = 0,
    patience_cycles: int = PATIENCE_CYCLES,
    flash: bytes = b"",
) -> Iterator[ChipPort]:
    """Start a chip and talk to it; the simulation does not outlive the block.

    Parameters
    ----------
    model
        With the ports clk, rst, rx and tx.
    divisor
        Clock cycles per UART bit.
    boot_cycles
        Clock cycles to wait before the first byte is sent.
    patience_cycles
        Clock cycles to wait for each byte of an answer.
    flash
        Written to the bench's memory of that name at the start.

    Raises
    ------
    RuntimeError
        If the testbench fails, or if the chip sent bytes that nobody read.
    """
    with scratch_folder("sim") as folder:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            np.savez(
                folder / JOB,
                wire=np.array(theirs.fileno()),
                divisor=np.array(divisor),
                boot_cycles=np.array(boot_cycles),
                patience_cycles=np.array(patience_cycles),
                flash=np.frombuffer(flash, np.uint8),
            )

            def start() -> Program:
                return start_model(model, "sim.testbenches.host", folder, wires=(theirs.fileno(),))

            with all_ended([start]):
                theirs.close()  # so that reading ends when the simulation does
                port = ChipPort(ours, folder)
                yield port
                port.finish()
