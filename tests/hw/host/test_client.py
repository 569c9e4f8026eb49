"""A host client against chips over their two pins, and against transports that give prepared answers."""

import numpy as np
import pytest

from hw.chip import Chip
from hw.host import protocol
from hw.host.client import HostClient, NoAnswer, OutOfStep, Request, exchange
from hw.host.protocol import Opcode
from sw.errors import EngramError
from sw.reference import pipeline
from tests.helpers.bundles import random_bundle, random_images, random_levels, tiny_design
from tests.helpers.host import DIVISOR, Script, over_the_wire
from tests.helpers.image_cases import CASES as IMAGE_CASES

DESIGN = tiny_design(layers=(), height=3, width=4, classes=2, rows=8, cell_bits=4, adc_bits=6)
"""12 features in row tiles of 8 and 4, 2 templates."""
BUNDLE = random_bundle(DESIGN, 1, codes="random", noise=True)
IDENTITY = protocol.identity_of(BUNDLE).to_bytes()
WITH_FRONT_END = protocol.identity_of(BUNDLE, with_front_end=True).to_bytes()
LEVELS = random_levels(DESIGN, 3, seed=2)


def answer_of(trace: pipeline.Trace, image: int) -> tuple[int, ...]:
    fields = trace.accepted, trace.label, trace.template, trace.margin
    return tuple(int(field[image]) for field in fields)


def test_word_line_values_are_classified_and_scores_read_back() -> None:
    expected = pipeline.run_levels(BUNDLE, LEVELS, first_image=7)

    def talk(port):
        host = HostClient(port, BUNDLE)
        host.set_index(7)
        for image, levels in enumerate(LEVELS):
            assert host.classify_levels(levels) == answer_of(expected, image)
            assert host.scores().tolist() == expected.scores[image].tolist()
        assert host.identify().ready

    over_the_wire(Chip(BUNDLE, DIVISOR), talk)


def test_images_are_classified_by_a_chip_with_a_front_end() -> None:
    shape, parallelism = IMAGE_CASES["parallel"]
    bundle, images = random_bundle(shape, seed=1, codes="random"), random_images(shape, 2, 3)
    expected = pipeline.run(bundle, images)

    def talk(port):
        host = HostClient(port, bundle)
        for number, image in enumerate(images):
            assert host.classify(image) == answer_of(expected, number)
            assert host.scores().tolist() == expected.scores[number].tolist()

    over_the_wire(Chip(bundle, DIVISOR, parallelism), talk)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (b"", "the chip must answer 26 bytes, got 0; check port and speed, or ask again: the chip drops"),
        (
            protocol.identity_of(BUNDLE.with_array(read_noise=None)).to_bytes(),
            f"the chip must be built from bundle {BUNDLE.digest[:16]}, got an answer of ",
        ),
        (IDENTITY + b"L!", "the chip must have its codes before"),
        (IDENTITY + b"Z", "must answer with 0x4c, got 0x5a; ask again: the chip drops unfinished requests"),
        (IDENTITY + b"LZ", "must answer with 0x00 or 0x01, got 0x5a; ask again: the chip drops unfinished"),
        (IDENTITY + b"L" + bytes(3), "the chip must answer 8 bytes, got 2"),
        (WITH_FRONT_END, "the chip must have no front end for word-line values; send images"),
    ],
)
def test_wrong_answers_are_one_line(answers: bytes, message: str) -> None:
    with pytest.raises(EngramError, match=message):
        HostClient(Script(answers), BUNDLE).classify_levels(LEVELS[0])


class Replies:
    """A transport with a reply to each write."""

    def __init__(self, *replies: bytes):
        self.sent: list[bytes] = []
        self._replies, self._came = list(replies), b""

    def write(self, data: bytes) -> None:
        self.sent.append(data)
        self._came += self._replies.pop(0)

    def read(self, size: int) -> bytes:
        came, self._came = self._came[:size], self._came[size:]
        return came


@pytest.mark.parametrize("reply", [b"", b"ENGR", bytes(26), b"?" * 40, bytes(9) + IDENTITY])
def test_who_the_chip_is_is_asked_again_after_something_else(reply: bytes) -> None:
    port = Replies(reply, IDENTITY)
    HostClient(port, BUNDLE)
    assert port.sent == [b"I", b"I"]
    with pytest.raises(EngramError, match=r"the chip must say b'ENGR' when asked who it is, got b'\?\?\?\?'"):
        HostClient(Replies(reply, b"?" * 27), BUNDLE)


@pytest.mark.parametrize("reply", [b"", b"\x01", b"\xff" + bytes(20)])
def test_after_a_wrong_answer_the_next_request_finds_an_empty_line(reply: bytes) -> None:
    good = protocol.Answer(1, 0, 1, 77)
    port = Replies(IDENTITY, b"L", reply, b"L", good.to_bytes())
    host = HostClient(port, BUNDLE)
    with pytest.raises(
        OutOfStep, match="ask again: the chip drops unfinished requests after 32,768 idle bit"
    ):
        host.classify_levels(LEVELS[0])
    assert len(port.sent) == 3  # a request that may have been served is not repeated
    assert host.classify_levels(LEVELS[0]) == good


def test_a_port_that_never_falls_silent_is_not_read_for_ever() -> None:
    class Babble:
        def write(self, data: bytes) -> None:
            pass

        def read(self, size: int) -> bytes:
            return bytes(min(size, 50))

    with pytest.raises(EngramError, match="the chip must send nothing unasked, but more and more comes"):
        HostClient(Babble(), BUNDLE)


def test_a_request_that_somebody_left_unfinished_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hw.host.guard.IDLE_BITS", 50)
    expected = pipeline.run_levels(BUNDLE, LEVELS[:1])

    def talk(port):
        port.write(protocol.load_request(LEVELS[1], DESIGN)[:3])
        host = HostClient(port, BUNDLE)
        port.write(protocol.index_request(5)[:2])
        with pytest.raises(NoAnswer):
            host.scores()
        assert host.classify_levels(LEVELS[0]) == answer_of(expected, 0)

    over_the_wire(Chip(BUNDLE, DIVISOR), talk, limit=60 * DIVISOR + 100)


def test_what_does_not_fit_the_chip_is_not_sent() -> None:
    port = Script(IDENTITY)
    host = HostClient(port, BUNDLE)
    with pytest.raises(EngramError, match="the chip must have a front end for images; send word-line values"):
        host.classify(np.zeros((3, 4), np.uint8))
    with pytest.raises(EngramError, match=r"word-line values must be 12, got shape \(11,\)"):
        host.classify_levels(LEVELS[0][1:])
    with pytest.raises(EngramError, match="the index of an image must be 0 to 4294967295, got 4294967296"):
        host.set_index(2**32)
    other = HostClient(with_front_end := Script(WITH_FRONT_END), BUNDLE)
    with pytest.raises(EngramError, match=r"an image must be uint8 of shape \(3, 4\), got uint8 of \(4, 3\)"):
        other.classify(np.zeros((4, 3), np.uint8))
    assert port.sent == with_front_end.sent == [bytes([Opcode.IDENTIFY])]
    plain = BUNDLE.with_array(read_noise=None)
    with pytest.raises(EngramError, match="must have read noise to count images, got a bundle without"):
        HostClient(Script(protocol.identity_of(plain).to_bytes()), plain).set_index(1)


def test_a_chip_may_become_ready_later() -> None:
    waiting = protocol.identity_of(BUNDLE, ready=False).to_bytes()
    host = HostClient(Script(waiting + waiting + IDENTITY), BUNDLE)
    assert [host.identify().ready, host.identify().ready] == [0, 1]


def test_what_came_of_an_answer_is_kept() -> None:
    with pytest.raises(NoAnswer) as failure:
        exchange(Script(b"abc"), Request(b"x", 5))
    assert failure.value.came == b"abc"
    assert exchange(Script(b"abc"), Request(b"x", 0)) == b""
