"""A serial port as a transport of the host client; each fault of the port is one line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from hw.host.protocol import IDLE_BITS
from sw.errors import EngramError

__all__ = ["PortLost", "SerialPort", "serial_port", "shortest_limit"]

T = TypeVar("T")

SHORTEST_LIMIT_S = 2.0
"""Operating systems and USB bridges hold bytes up by some 10 ms; this is long enough not to think of them."""


class PortLost(EngramError):
    """The port does not serve any more, as when a board is unplugged."""


class SerialPort:
    """A :class:`hw.host.client.Transport` over a port of pyserial.

    Parameters
    ----------
    name
        What the user called it.
    port
        A ``serial.Serial``, or what ``serial_for_url`` gives for another URL.
    """

    def __init__(self, name: str, port: Any):
        self._name, self._port = name, port

    def write(self, data: bytes) -> None:
        """Send all of it; raises PortLost."""
        self._served(lambda: self._port.write(data))

    def read(self, size: int) -> bytes:
        """Receive so many bytes, or fewer when the time is up; raises PortLost."""
        return self._served(lambda: self._port.read(size))

    def _served(self, use: Callable[[], T]) -> T:
        try:
            return use()
        except (OSError, TypeError) as error:  # TypeError: a port that was closed has no file any more
            raise PortLost(
                f"port {self._name} must stay connected, it was lost ({_reason(error)}); plug the board in "
                "and start again"
            ) from None


def shortest_limit(baud: int, longest_request: int, slowdown: float = 1.0) -> float:
    """Seconds to wait for an answer at a speed: two times what a right chip can take for its bytes.

    In that time the chip has dropped an unfinished request, see :class:`hw.host.client.Transport`.

    Parameters
    ----------
    baud
        Speed in bit/s.
    longest_request
        Bytes that may have to go over the line before the answer comes.
    slowdown
        How many times slower than a board a virtual one runs.
    """
    bits = IDLE_BITS + 10 * longest_request
    return max(SHORTEST_LIMIT_S, 2 * slowdown * bits / baud)


@contextmanager
def serial_port(url: str, baud: int, limit: float) -> Iterator[SerialPort]:
    """Open a port, 8N1, for this process alone.

    Parameters
    ----------
    url
        A device such as ``/dev/ttyUSB1`` or ``COM3``, or any URL of pyserial: ``socket://HOST:PORT``.
    baud
        Speed in bit/s.
    limit
        Seconds to wait for an answer.

    Raises
    ------
    EngramError
        If there is no such port, somebody else uses it, or it cannot have that speed.
    """
    import serial

    try:
        port = serial.serial_for_url(url, baud, timeout=limit, write_timeout=limit, exclusive=True)
    except ValueError as error:  # an unknown kind of URL, or a speed
        raise EngramError(
            f"port {url!r} at {baud} bit/s must be known to pyserial, it says {str(error)!r}; give a device "
            "or socket://HOST:PORT"
        ) from None
    except OSError as error:
        raise EngramError(_refusal(url, error)) from None
    with port:
        yield SerialPort(url, port)


def _refusal(url: str, error: OSError) -> str:
    import errno

    said = str(error)
    if error.errno == errno.ENOENT or "FileNotFoundError" in said:
        return f"port {url} must exist, it does not; {_found()}"
    if error.errno in (errno.EBUSY, errno.EAGAIN) or "lock port" in said:
        return f"port {url} must be free, another program uses it; end that program"
    if error.errno == errno.EACCES or "PermissionError" in said:
        return f"port {url} must be yours to use, permission denied; on Debian join the group dialout"
    return f"cannot open port {url}: {_reason(error)}; give a serial device or socket://HOST:PORT"


def _found() -> str:
    """What to do, with the ports that there are."""
    from serial.tools.list_ports import comports

    names = sorted(port.device for port in comports())
    return f"there are {', '.join(names[:8])}" if names else "no serial port was found, plug the board in"


def _reason(error: Exception) -> str:
    if "returned no data" in str(error):  # how pyserial says that reading met the end of the file
        return "nobody is at its other end"
    said = getattr(error, "strerror", None) or str(error)
    return said.rpartition("] ")[2].partition(":")[0].partition(" (")[0] or type(error).__name__
