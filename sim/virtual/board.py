"""A virtual board: a compiled top as a program behind a pseudo-terminal, which clients open by name."""

import os
import socket
import struct
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from hw.array.codes.code_image import FLASH_OFFSET
from hw.host.protocol import IDLE_BITS
from sim.job import failure_in
from sim.models.runner import Model, start_program
from sim.virtual.design import VirtualDesign
from sw.errors import EngramError
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
        If there is no room for it, or no pseudo-terminal.
    """
    with scratch_folder("virtual") as folder, ExitStack() as stack:
        if design.flash is not None:
            (folder / "flash").write_bytes(design.flash)
        ours, theirs = (stack.enter_context(end) for end in socket.socketpair())
        with _pseudo_terminal() as (master, port):
            name = os.ttyname(port)
            idle_cycles = 2 * IDLE_BITS * design.divisor
            numbers = (master, theirs.fileno(), design.divisor, idle_cycles, FLASH_OFFSET)
            # The program keeps both ends: a pseudo-terminal whose port nobody has open is closed.
            wires = (master, port, theirs.fileno())
            start = partial(start_program, model, [str(number) for number in numbers], folder, wires)
            (program,) = stack.enter_context(all_ended([start]))
        theirs.close()  # so that reading ends when the program does
        said = ours.recv(SPEED.size, socket.MSG_WAITALL)
        if len(said) < SPEED.size:
            raise failure_in(folder)
        (cycles,) = SPEED.unpack(said)
        slowdown = max(1.0, design.board.clock.core_mhz * 1e6 / max(1, cycles))
        yield VirtualBoard(name, slowdown, program, ours)


@contextmanager
def _pseudo_terminal() -> Iterator[tuple[int, int]]:
    """Master and port of a new one, which carries bytes as they are; both are closed after the block."""
    try:
        master, port = os.openpty()
    except OSError as error:
        raise EngramError(
            f"a virtual board needs a pseudo-terminal: {error.strerror}; mount /dev/pts"
        ) from None
    try:
        tty.setraw(port)
        os.set_blocking(master, False)  # a host that does not read must not stop the board
        yield master, port
    finally:
        os.close(master)
        os.close(port)
