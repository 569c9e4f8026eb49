"""A virtual board: a compiled top as a program behind a pseudo-terminal, which clients open by name."""

import os
import socket
import struct
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hw.array.codes.code_image import FLASH_OFFSET
from hw.host.protocol import IDLE_BITS
from sim.job import failure_in
from sim.models.runner import Model, start_program
from sim.virtual.design import VirtualDesign
from sw.files import scratch_folder
from sw.system.programs import Program, all_ended

__all__ = ["VirtualBoard", "virtual_board"]

SPEED = struct.Struct("<Q")
"""What the program says first: cycles per second."""
ORDER = struct.Struct("<cQ")
"""An order to it: a letter, and after how many bytes from the host."""
RESET, NOISE, UNPLUG = b"r", b"n", b"u"


class VirtualBoard:
    """A board that is running.

    Parameters
    ----------
    port
        Path of its serial port.
    slowdown
        How many times slower than its clock it runs, at least 1.
    program, orders
        The simulation, and the socket to it.
    """

    def __init__(self, port: str, slowdown: float, program: Program, orders: socket.socket):
        self.port, self.slowdown = port, slowdown
        self._program, self._orders = program, orders

    @property
    def running(self) -> bool:
        """Whether nobody has unplugged it."""
        return self._program.poll() is None

    def reset(self, after: int = 0) -> None:
        """Configure the FPGA anew when it has got so many bytes since the board was plugged in."""
        self._order(RESET, after)

    def noise(self, after: int = 0) -> None:
        """Put on both wires what nobody has sent, for the time of 16 bytes, after so many bytes."""
        self._order(NOISE, after)

    def unplug(self, after: int = 0) -> None:
        """Pull the plug after so many bytes; the port is gone."""
        self._order(UNPLUG, after)

    def wait(self) -> None:
        """Until it is unplugged."""
        self._program.wait()

    def _order(self, kind: bytes, after: int) -> None:
        self._orders.sendall(ORDER.pack(kind, after))


@contextmanager
def virtual_board(design: VirtualDesign, model: Model) -> Iterator[VirtualBoard]:
    """Plug a board in; it does not outlive the block.

    Its time passes while bytes are on the way, while the chip is busy, and for two times IDLE_BITS bit times
    after that: then nothing in the chip changes any more, and time stands still until the next byte.

    Parameters
    ----------
    design, model
        What is on the board, and its :meth:`sim.virtual.design.VirtualDesign.model`.

    Raises
    ------
    EngramError
        If there is no room for it.
    """
    with scratch_folder("virtual") as folder:
        if design.flash is not None:
            (folder / "flash").write_bytes(design.flash)
        master, port = os.openpty()
        ours, theirs = socket.socketpair()
        with ours:
            try:
                tty.setraw(port)
                os.set_blocking(master, False)  # a host that does not read must not stop the board
                name = os.ttyname(port)
                # The program keeps both ends: without a host that has it open, a pseudo-terminal is closed.
                start = _starter(design, model, folder, (master, port, theirs.fileno()))
                running = all_ended([start])
                (program,) = running.__enter__()
            finally:
                os.close(master)
                os.close(port)
                theirs.close()
            try:
                said = ours.recv(SPEED.size, socket.MSG_WAITALL)
                if len(said) < SPEED.size:
                    raise failure_in(folder)
                (cycles,) = SPEED.unpack(said)
                slowdown = max(1.0, design.board.clock.core_mhz * 1e6 / max(1, cycles))
                yield VirtualBoard(name, slowdown, program, ours)
            finally:
                running.__exit__(None, None, None)


def _starter(design: VirtualDesign, model: Model, folder: Path, wires: tuple[int, int, int]):
    idle_cycles = 2 * IDLE_BITS * design.divisor
    numbers = (wires[0], wires[2], design.divisor, idle_cycles, FLASH_OFFSET)
    return lambda: start_program(model, [str(number) for number in numbers], folder, wires)
