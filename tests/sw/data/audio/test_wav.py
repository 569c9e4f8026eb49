"""WAV files of every width, and what is refused."""

import wave

import numpy as np
import pytest

from sw.data.audio.wav import read_wav
from sw.errors import EngramError


def written(path, samples, width=2, channels=1, rate=8_000):
    """A file of samples that are given as integers of that width, as `wave` writes bytes."""
    offset = 128 if width == 1 else 0
    raw = b"".join(int(value + offset).to_bytes(width, "little", signed=width > 1) for value in samples)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(raw)
    return path


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_the_highest_16_bits_are_kept(tmp_path, width):
    top = 2 ** (8 * width - 1)
    samples = [0, 1, -1, top - 1, -top, top // 3]
    got, rate = read_wav(written(tmp_path / "a.wav", samples, width, rate=11_025))
    shift = 16 - 8 * width
    want = [value << shift if shift >= 0 else value >> -shift for value in samples]
    assert got.dtype == np.int16 and got.tolist() == want and rate == 11_025


def test_channels_are_averaged(tmp_path):
    got, _ = read_wav(written(tmp_path / "a.wav", [10, 20, -5, -6, 32_767, 32_767], channels=2))
    assert got.tolist() == [15, -6, 32_767]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"cannot read .*a.wav: No such file or directory; give another file"),
        (b"", r"a.wav must be a WAV file of PCM samples, it is not \(cut short\); convert it"),
        (
            b"ID3 something else, an mp3",
            r"a.wav must be a WAV file of PCM samples, it is not \(file does not",
        ),
    ],
)
def test_other_files_are_one_line(tmp_path, content, message):
    if content is not None:
        (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(EngramError, match=message) as refusal:
        read_wav(tmp_path / "a.wav")
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_cut_short_gives_what_is_there_or_one_line(tmp_path):
    whole = written(tmp_path / "a.wav", range(50)).read_bytes()
    for size in range(len(whole)):
        (tmp_path / "b.wav").write_bytes(whole[:size])
        try:
            samples, _ = read_wav(tmp_path / "b.wav")
        except EngramError:
            continue
        assert samples.tolist() == list(range(len(samples)))
