"""Serial ports: what cannot be opened, and what is lost while it is used, is one line."""

import os
import tty

import pytest

from hw.host.serial_port import PortLost, SerialPort, serial_port, shortest_limit
from sw.errors import EngramError


@pytest.fixture
def pseudo_terminal():
    """The master of a pseudo-terminal and the path of its port."""
    master, port = os.openpty()
    tty.setraw(port)
    yield master, os.ttyname(port)
    os.close(master)
    os.close(port)


def test_bytes_go_both_ways_and_a_read_ends_in_time(pseudo_terminal):
    master, path = pseudo_terminal
    with serial_port(path, 1_000_000, 0.05) as port:
        port.write(b"I")
        assert os.read(master, 8) == b"I"
        os.write(master, b"ENGR")
        assert port.read(4) == b"ENGR"
        assert port.read(1) == b""


def test_any_url_of_pyserial_serves():
    with serial_port("loop://", 115_200, 0.05) as port:
        port.write(b"abc")
        assert port.read(3) == b"abc"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("/dev/there-is-none", "port /dev/there-is-none must exist, it does not; "),
        ("mail://x", r"port 'mail://x' at 9600 bit/s must be known to pyserial, it says .*'mail' not known"),
        ("socket://127.0.0.1:1", "cannot open port socket://127.0.0.1:1: .*refused; give a serial device or"),
        ("/dev/null", "cannot open port /dev/null: Could not configure port; give a serial device or"),
    ],
)
def test_what_cannot_be_opened_is_one_line(url, message):
    with pytest.raises(EngramError, match=message) as refusal, serial_port(url, 9600, 0.05):
        pass
    assert "\n" not in str(refusal.value)


def test_a_port_serves_one_program_at_a_time(pseudo_terminal):
    _, path = pseudo_terminal
    busy = f"port {path} must be free, another program uses it; end that program"
    with serial_port(path, 1_000_000, 0.05):
        with pytest.raises(EngramError, match=busy), serial_port(path, 1_000_000, 0.05):
            pass


@pytest.mark.parametrize("use", [lambda port: port.read(1), lambda port: port.write(b"x")])
def test_a_port_that_is_lost_is_one_line(use):
    class Gone:
        def read(self, size):
            raise OSError(5, "Input/output error")

        write = read

    with pytest.raises(PortLost, match=r"ttyUSB1 must stay connected, it was lost \(Input/output error\)"):
        use(SerialPort("ttyUSB1", Gone()))


def test_the_limit_is_longer_than_the_chip_keeps_an_unfinished_request():
    assert shortest_limit(1_000_000, 785) == 2.0
    assert shortest_limit(9_600, 785) == pytest.approx(2 * (2**15 + 7850) / 9_600)
    assert shortest_limit(1_000_000, 0, 100) == pytest.approx(100 * 2 * 2**15 / 1e6)
