"""WAV files: samples as int16, one channel."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sw.errors import EngramError

__all__ = ["read_wav"]


def read_wav(path: Path) -> tuple[NDArray[np.int16], int]:
    """Samples (L,) of a PCM file of 8 to 32 bits, and its rate in Hz.

    Wider samples lose their lowest bits; of several channels it is the mean, rounded down.

    Raises
    ------
    EngramError
        If the file cannot be read, or is no WAV file of PCM samples.
    """
    try:
        with path.open("rb") as raw_file, wave.Wave_read(raw_file) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except OSError as error:
        raise EngramError(f"cannot read {path}: {error.strerror or error}; give another file") from None
    except (wave.Error, EOFError) as error:
        raise EngramError(
            f"{path} must be a WAV file of PCM samples, it is not ({str(error) or 'cut short'}); convert it, "
            "as with ffmpeg -i FILE -c:a pcm_s16le NEW.wav"
        ) from None
    if width not in (1, 2, 3, 4) or rate < 1:
        raise EngramError(
            f"{path} must have 8 to 32 bits per sample, got {8 * width} at {rate} Hz; convert it"
        )
    samples = np.frombuffer(raw[: len(raw) // (width * channels) * width * channels], np.uint8)
    bytes_of = samples.reshape(-1, channels, width)
    if width == 1:  # unsigned, by the format's own rule
        wide = (bytes_of[..., 0].astype(np.int64) - 128) << 8
    else:
        high, low = bytes_of[..., -1].astype(np.int8).astype(np.int64), bytes_of[..., -2].astype(np.int64)
        wide = (high << 8) | low
    return (wide.sum(axis=1) // channels).astype(np.int16), rate
