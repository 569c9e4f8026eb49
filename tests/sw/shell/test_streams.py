"""Streams that end the program where they end."""

import errno
import os

import pytest

from sw.errors import EngramError
from sw.shell.streams import READER_GONE, Descriptor


@pytest.fixture
def pipe_without_reader():
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.fixture
def full_disk():
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    number = os.open("/dev/full", os.O_WRONLY)
    yield number
    os.close(number)


@pytest.mark.parametrize("answers", [True, False])
def test_a_reader_that_has_gone_away_ends_the_program_and_nothing_complains_twice(
    pipe_without_reader, answers
):
    stream = Descriptor(pipe_without_reader, answers=answers)
    with pytest.raises(SystemExit) as ended:
        stream.write(b"figures")
    assert ended.value.code == READER_GONE == 128 + 13
    assert stream.write(b"more") == 4
    assert os.write(pipe_without_reader, b"by a library, past the stream") == 29


def test_an_answer_on_a_full_disk_is_an_error_of_one_line(full_disk):
    stream = Descriptor(full_disk, answers=True)
    with pytest.raises(
        EngramError, match=r"^cannot write to standard output: No space left on device; make room"
    ):
        stream.write(b"figures")
    assert stream.write(b"what was left in a buffer") == 25


def test_messages_on_a_full_disk_are_passed_over(full_disk):
    assert Descriptor(full_disk, answers=False).write(b"note") == 4


def test_any_other_failure_of_an_answer_is_told_too(pipe_without_reader, monkeypatch):
    monkeypatch.setattr(Descriptor, "_lead_nowhere", lambda self: None)
    reading = os.open(os.devnull, os.O_RDONLY)
    try:
        with pytest.raises(EngramError, match=os.strerror(errno.EBADF)):
            Descriptor(reading, answers=True).write(b"figures")
    finally:
        os.close(reading)
