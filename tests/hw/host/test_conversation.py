"""Conversations with chips that are right, wrong, late or disturbed, as a script of answers."""

import numpy as np
import pytest

from hw.host import protocol
from hw.host.client import HostClient, NotReady, OutOfStep
from hw.host.conversation import disagreements, link_seconds, send_images, when_ready
from sw.reference import pipeline
from tests.helpers.bundles import random_bundle, random_images, tiny_design

DESIGN = tiny_design()
PLAIN = random_bundle(DESIGN, 1, codes="random")
NOISY = random_bundle(DESIGN, 1, codes="random", noise=True)
IMAGES = random_images(DESIGN, 3, 2)


class Chip:
    """Answers each request of a bundle's chip; `faults` by the number of the image request make it fail."""

    def __init__(self, bundle, *, front_end=True, faults=None, unready=0):
        self._bundle, self._front_end = bundle, front_end
        self._faults, self._unready = faults or {}, unready
        self._index = 0
        self._came = b""
        self.sent: list[bytes] = []

    def write(self, data):
        self.sent.append(data[:1])
        self._came += getattr(self, f"_{data[:1].decode()}", lambda data: b"?")(data)

    def read(self, size):
        came, self._came = self._came[:size], self._came[size:]
        return came

    def _I(self, data):
        ready = self._unready <= 0
        self._unready -= 1
        return protocol.identity_of(self._bundle, with_front_end=self._front_end, ready=ready).to_bytes()

    def _N(self, data):
        self._index = int.from_bytes(data[1:], "little")
        return b"N"

    def _L(self, data):
        bits = np.unpackbits(np.frombuffer(data[1:], np.uint8), bitorder="little")
        self._levels = bits[: DESIGN.features][None]
        return b"L"

    def _C(self, data):
        self._trace = pipeline.run_levels(self._bundle, self._levels, self._index)
        return self._answer()

    def _P(self, data):
        image = np.frombuffer(data[1:], np.uint8).reshape(1, DESIGN.height, DESIGN.width)
        self._trace = pipeline.run(self._bundle, image, self._index)
        return self._answer()

    def _S(self, data):
        return self._trace.scores[0].astype("<u4").tobytes()

    def _answer(self):
        self._index += 1
        trace = self._trace
        fields = (trace.accepted, trace.label, trace.template, trace.margin)
        right = protocol.Answer(*(int(field[0]) for field in fields)).to_bytes()
        return self._faults.pop(self.sent.count(b"P") - 1, lambda answer: answer)(right)


def talk(chip, bundle, **options):
    levels = pipeline.levels_of(bundle, IMAGES)
    heard = []
    said = send_images(
        HostClient(chip, bundle), bundle, IMAGES, levels, with_scores=True, done=heard.append, **options
    )
    assert heard == [1] * len(IMAGES)
    return said


@pytest.mark.parametrize("bundle", [PLAIN, NOISY], ids=["plain", "with read noise"])
@pytest.mark.parametrize("front_end", [True, False], ids=["images", "word-line values"])
def test_a_right_chip_agrees(bundle, front_end):
    said = talk(Chip(bundle, front_end=front_end), bundle)
    assert disagreements(pipeline.run(bundle, IMAGES), said) == []
    assert said.repeated == 0 and (said.seconds > 0).all()


@pytest.mark.parametrize(
    "fault",
    [lambda answer: b"", lambda answer: answer[:4], lambda answer: b"\xee" * 30, lambda answer: b"!"],
    ids=["silence", "half an answer", "garbage", "not ready"],
)
def test_an_image_without_an_answer_is_sent_again_with_its_index(fault):
    chip, warned = Chip(NOISY, faults={1: fault}), []
    listener = type("Hears", (), {"warn": staticmethod(warned.append)})()
    said = talk(chip, NOISY, listener=listener)
    assert disagreements(pipeline.run(NOISY, IMAGES), said) == []
    assert said.repeated == 1 and len(warned) == 1
    assert warned[0].startswith("image 1 is sent again: the chip must ")
    assert b"".join(chip.sent) == b"I" + b"I" + b"NPS" + b"P" + b"I" + b"NPS" + b"PS"


def test_a_line_that_loses_every_answer_is_given_up():
    chip = Chip(PLAIN, faults={number: lambda answer: b"" for number in range(1, 9)})
    with pytest.raises(OutOfStep, match="the chip must answer 1 bytes, got 0"):
        talk(chip, PLAIN)
    assert chip.sent.count(b"P") == 1 + 3


def test_a_chip_is_waited_for_until_it_is_ready():
    chip = Chip(PLAIN, unready=3)
    assert when_ready(HostClient(chip, PLAIN), 60).ready
    assert chip.sent == [b"I"] * 4
    with pytest.raises(NotReady, match="must load its codes from flash, it is not ready after 0 s; write"):
        when_ready(HostClient(Chip(PLAIN, unready=99), PLAIN), 0)


def test_every_value_that_differs_is_named():
    expected = pipeline.run(PLAIN, IMAGES)
    said = talk(Chip(PLAIN), PLAIN)
    said.answers[2, 1] += 1
    said.answers[0, 3] += 2
    said.scores[2, 1] += 5
    assert [str(found) for found in disagreements(expected, said)] == [
        f"image 0, margin: expected {expected.margin[0]}, got {expected.margin[0] + 2}",
        f"image 2, label: expected {expected.label[2]}, got {expected.label[2] + 1}",
        f"image 2, scores[1]: expected {expected.scores[2, 1]}, got {expected.scores[2, 1] + 5}",
    ]
    assert [found.stage for found in disagreements(expected, said._replace(scores=None))] == [
        "margin",
        "label",
    ]


def test_the_link_is_timed_with_bytes_that_are_no_request():
    chip = Chip(PLAIN)
    assert link_seconds(HostClient(chip, PLAIN)) > 0
    assert chip.sent == [b"I"] + [b"?"] * 9
