"""Host client: a computer's side of a chip, over anything that carries bytes."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hw.host import protocol
from hw.host.protocol import Answer, Identity, Opcode
from sw.bundle import Bundle
from sw.errors import EngramError

__all__ = [
    "HostClient",
    "NoAnswer",
    "NotReady",
    "OutOfStep",
    "Request",
    "Transport",
    "exchange",
    "resynchronise",
]

ASK_AGAIN = f"ask again: the chip drops unfinished requests after {protocol.IDLE_BITS:,} idle bit times"
STALE_BYTES = 2**17
"""More than any answer has: 65,535 rows of 2 codes."""
STALE_READS = 8
"""Times to read what nobody asked for, before that is no answer to anything."""


class Transport(Protocol):
    """Carries bytes to a chip and back, with a time limit for reading.

    The limit must be longer than :data:`hw.host.protocol.IDLE_BITS` bit times, so that the chip has dropped
    an unfinished request when it is over. Two seconds are, from 19,200 baud on.

    A ``serial.Serial`` of pyserial is one, for a chip on a board; :class:`sim.chip.ChipPort` is another, for
    one under Verilator.
    """

    def write(self, data: bytes, /) -> object:
        """Send all of it."""

    def read(self, size: int, /) -> bytes:
        """Receive so many bytes, or fewer when the time is up."""


class Request(NamedTuple):
    """Bytes to send, and the number of bytes of the answer."""

    sent: bytes
    awaited: int


class OutOfStep(EngramError):
    """What came is no answer to the request: bytes were lost or added on the way, to or from the chip."""


class NotReady(EngramError):
    """The chip's codes are not loaded yet, or will never be."""


class NoAnswer(OutOfStep):
    """An answer did not come in full; `came` is as much of it as did."""

    def __init__(self, came: bytes, awaited: int):
        self.came = came
        super().__init__(
            f"the chip must answer {awaited} bytes, got {len(came)}; check port and speed, or {ASK_AGAIN}"
        )


def exchange(transport: Transport, request: Request) -> bytes:
    """The answer to a request, as it came; raises NoAnswer."""
    transport.write(request.sent)
    return _read(transport, request.awaited)


def resynchronise(transport: Transport) -> None:
    """Read until nothing comes for the time limit: then the chip waits for a new request.

    Raises EngramError if it does not fall silent.
    """
    for _ in range(STALE_READS):
        if not transport.read(STALE_BYTES):
            return
    raise EngramError("the chip must send nothing unasked, but more and more comes; check port and speed")


class HostClient:
    """Images, word-line values and scores of a running chip.

    Parameters
    ----------
    transport
        To the chip; a serial port is 8N1 at the speed it was built for.
    bundle
        What the chip was built from.

    Raises
    ------
    EngramError
        If nobody or a chip of another bundle answers. Methods raise it too, for what the chip does not know,
        when its codes are not loaded yet, and when an answer does not come. Then they have resynchronised:
        the next request finds the chip ready for it. They do not repeat a request, for the chip may have done
        what it was told. With read noise it may have counted an image: set the index anew.
    """

    def __init__(self, transport: Transport, bundle: Bundle):
        self._transport, self._bundle, self._design = transport, bundle, bundle.design
        self._takes_images = self.identify().image_values != 0

    def identify(self) -> Identity:
        """Ask the chip who it is: it may have become ready since; one of another bundle is refused.

        Asks twice when it must: whoever spoke with the chip before may have left a request unfinished.
        """
        try:
            came = self._identity()
        except OutOfStep:
            resynchronise(self._transport)
            came = self._identity()
        wanted = protocol.identity_of(self._bundle, with_front_end=came.image_values != 0)
        if came._replace(ready=1) != wanted:
            raise EngramError(
                f"the chip must be built from bundle {wanted.digest.hex()}, got an answer of "
                f"{came.digest.hex()}; name the bundle that 'engram build' put beside the bitstream"
            )
        return came

    def classify(self, image: NDArray[np.uint8]) -> Answer:
        """Answer for one image of a chip with a front end: uint8, the shape of :mod:`sw.design.images`."""
        if not self._takes_images:
            raise EngramError("the chip must have a front end for images; send word-line values")
        shape = self._design.image_size.shape
        if image.shape != shape or image.dtype != np.uint8:
            raise EngramError(f"an image must be uint8 of shape {shape}, got {image.dtype} of {image.shape}")
        return self._classified(protocol.image_request(image))

    def classify_levels(self, levels: NDArray[np.uint8]) -> Answer:
        """Answer for one image's word-line values, uint8 (F,), of a chip without a front end."""
        if self._takes_images:
            raise EngramError("the chip must have no front end for word-line values; send images")
        if levels.shape != (self._design.features,):
            raise EngramError(f"word-line values must be {self._design.features}, got shape {levels.shape}")
        self._ask(protocol.load_request(levels, self._design), 1)
        return self._classified(bytes([Opcode.CLASSIFY]))

    def scores(self) -> NDArray[np.int64]:
        """Scores (T,) of the image that was classified last."""
        request = Request(bytes([Opcode.SCORES]), protocol.SCORE_BYTES * self._design.templates)
        return np.array(protocol.parse_scores(exchange(self._transport, request)))

    def set_index(self, index: int) -> None:
        """Set the index of the next image, on which read noise depends."""
        if self._bundle.array.read_noise is None:
            raise EngramError("the chip must have read noise to count images, got a bundle without")
        if not 0 <= index < 2**32:
            raise EngramError(f"the index of an image must be 0 to {2**32 - 1}, got {index}")
        self._ask(protocol.index_request(index), 1)

    def echo(self) -> None:
        """One byte to the chip that is no request, and one back, which tells how fast the link is."""
        request = Request(bytes([protocol.UNKNOWN]), 1)
        if (came := exchange(self._transport, request)) != request.sent:
            raise OutOfStep(f"the chip must answer {request.sent!r} to itself, got {came!r}; {ASK_AGAIN}")

    def resynchronise(self) -> None:
        """Read what is under way, until the chip waits for a new request; see :func:`resynchronise`."""
        resynchronise(self._transport)

    def _identity(self) -> Identity:
        request = Request(bytes([Opcode.IDENTIFY]), protocol.IDENTITY_BYTES)
        came = exchange(self._transport, request)
        if not came.startswith(protocol.MAGIC):
            raise OutOfStep(
                f"the chip must say {protocol.MAGIC!r} when asked who it is, got {came[:4]!r}; "
                "check port and speed"
            )
        return Identity.from_bytes(came)

    def _classified(self, request: bytes) -> Answer:
        # An answer begins with whether the margin was large enough.
        return Answer.from_bytes(self._ask(request, protocol.ANSWER_BYTES, (0, 1)))

    def _ask(self, request: bytes, size: int, first: tuple[int, ...] = ()) -> bytes:
        """Answer of `size` bytes that begins with one of `first`, else with the opcode.

        That byte is read alone, because a chip that refuses the request sends no other.
        """
        try:
            return self._answer(request, size, first or (request[0],))
        except OutOfStep:
            resynchronise(self._transport)
            raise

    def _answer(self, request: bytes, size: int, wanted: tuple[int, ...]) -> bytes:
        self._transport.write(request)
        status = _read(self._transport, 1)
        if status[0] == protocol.NOT_READY:
            raise NotReady("the chip must have its codes before it is asked; write them to its flash")
        if status[0] not in wanted:
            bytes_wanted = " or ".join(f"{byte:#04x}" for byte in wanted)
            raise OutOfStep(f"the chip must answer with {bytes_wanted}, got {status[0]:#04x}; {ASK_AGAIN}")
        return status + _read(self._transport, size - 1)


def _read(transport: Transport, size: int) -> bytes:
    """So many bytes, of which there may be none: some ports wait when they are asked for nothing."""
    came = transport.read(size) if size else b""
    if len(came) < size:
        raise NoAnswer(came, size)
    return came
