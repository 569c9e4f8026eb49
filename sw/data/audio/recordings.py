"""Recordings with classes: a folder of WAV files by class, or an ``.npz`` of waveforms."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.data.audio.wav import read_wav
from sw.data.layout import LAYOUT, check_keys, check_layout, class_names_of
from sw.data.npz import read_npz
from sw.errors import EngramError
from sw.progress import SILENT, Listener

__all__ = ["Recordings", "as_samples", "leaving_out", "read_arrays", "read_folder"]

PARTS = ("train", "test")
EVERY = 5
"""Of the files of a class, in the order of their names, each fifth is a test recording, unless folders say
it."""
SPEAKERS = ("speaker_train", "speaker_test")


class Recordings(NamedTuple):
    """Recordings and their classes.

    Attributes
    ----------
    arrays
        ``x_train, x_test``: int16 (N, L), silence after the end of shorter ones; ``y_train, y_test``.
    rate
        Samples per second; None where nobody says.
    class_names
        In the order of the labels; empty where there are none.
    speakers
        Who speaks in the recordings for training and in those for the test, (N,) as text; None where nobody
        says.
    """

    arrays: dict[str, NDArray]
    rate: int | None
    class_names: tuple[str, ...]
    speakers: tuple[NDArray[np.str_], NDArray[np.str_]] | None = None


def leaving_out(recordings: Recordings, speaker: str, name: str) -> Recordings:
    """The same recordings, parted otherwise: those of a speaker are the test, all others the training.

    Raises
    ------
    EngramError
        If `recordings`, which a person calls `name`, do not say who speaks, or hold no such speaker or no
        other one.
    """
    if recordings.speakers is None:
        raise EngramError(
            f"{name} must say who speaks to leave one out; give an .npz with {' and '.join(SPEAKERS)}, (N,)"
        )
    speakers = np.concatenate(recordings.speakers)
    known = sorted(set(speakers.tolist()), key=lambda each: (len(each), each))
    if speaker not in known or len(known) < 2:
        raise EngramError(
            f"the speaker to leave out must be one of two or more, of {', '.join(known)}, got {speaker}"
        )
    test = speakers == speaker
    whole = {axis: np.concatenate([recordings.arrays[f"{axis}_{part}"] for part in PARTS]) for axis in "xy"}
    arrays = {
        f"{axis}_{part}": whole[axis][chosen]
        for axis in "xy"
        for part, chosen in zip(PARTS, (~test, test), strict=True)
    }
    return recordings._replace(arrays=arrays, speakers=(speakers[~test], speakers[test]))


def read_folder(folder: Path, listener: Listener = SILENT) -> Recordings:
    """The WAV files of a folder with a subfolder for each class, or of its folders ``train`` and ``test``.

    Raises
    ------
    EngramError
        If a class has no file, files differ in their rate, or one cannot be read.
    """
    split = all((folder / part).is_dir() for part in PARTS)
    names = _classes(folder / "train" if split else folder)
    files: dict[str, list[tuple[Path, int]]] = {part: [] for part in PARTS}
    for label, name in enumerate(names):
        if split:
            for part in PARTS:
                files[part] += [(path, label) for path in _files(folder / part / name, part == "train")]
            continue
        found = _files(folder / name, True)
        for number, path in enumerate(found):
            files["test" if number % EVERY == EVERY - 1 else "train"].append((path, label))
    arrays: dict[str, NDArray] = {}
    first: tuple[Path, int] | None = None
    with listener.stage("recordings", sum(map(len, files.values())), "files") as stage:
        for part, listed in files.items():
            waves = []
            for path, _ in listed:
                samples, rate = read_wav(path)
                first = first or (path, rate)
                if rate != first[1]:
                    raise EngramError(
                        f"all recordings must have one rate, {first[0]} has {first[1]} Hz and {path} {rate} "
                        "Hz; "
                        "resample some of them, as with ffmpeg -ar"
                    )
                waves.append(samples)
                stage.done(1)
            if not waves:
                raise EngramError(
                    f"{folder} must hold recordings for {part}, it has none; give {EVERY} or more of a "
                    "class, or "
                    "folders train and test"
                )
            arrays[f"x_{part}"] = _padded(waves)
            arrays[f"y_{part}"] = np.array([label for _, label in listed], np.uint8)
    assert first is not None
    return Recordings(arrays, first[1], tuple(names))


def _classes(folder: Path) -> list[str]:
    try:
        names = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    except OSError as error:
        raise EngramError(f"cannot read folder {folder}: {error.strerror}; give another one") from None
    if len(names) < 2:
        raise EngramError(
            f"{folder} must hold a folder of WAV files for every class, 2 at least, it has {len(names)}; "
            "sort the "
            "files by class"
        )
    if len(names) > 256:
        raise EngramError(f"{folder} must hold at most 256 classes, it has {len(names)}; join some of them")
    return names


def _files(folder: Path, needed: bool) -> list[Path]:
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() == ".wav")
    if needed and not found:
        raise EngramError(f"{folder} must hold WAV files of its class, it has none; add some or remove it")
    return found


def _padded(waves: list[NDArray[np.int16]]) -> NDArray[np.int16]:
    padded = np.zeros((len(waves), max(map(len, waves))), np.int16)
    for row, samples in zip(padded, waves, strict=True):
        row[: len(samples)] = samples
    return padded


def read_arrays(path: Path) -> Recordings:
    """The waveforms (N, L) of an ``.npz`` with the arrays of a data set, and ``rate``, ``classes``,
    ``speaker_train`` and ``speaker_test`` if it has them.

    Raises
    ------
    EngramError
        If the file cannot be read, or its arrays are others.
    """
    arrays = read_npz(path, (*LAYOUT, "rate", "classes", *SPEAKERS), "another file", check_keys)
    rate = arrays.pop("rate", None)
    if rate is not None and (rate.size != 1 or rate.dtype.kind not in "iuf" or not rate.item() > 0):
        raise EngramError(
            f"{path}: rate must be samples per second, got {rate.tolist()!s:.40}; give one number"
        )
    classes = arrays.pop("classes", None)
    for part in PARTS:
        key = f"x_{part}"
        arrays[key] = as_samples(arrays[key], key, str(path))
    said = [arrays.pop(key, None) for key in SPEAKERS]
    check_layout(arrays, str(path))
    count = int(arrays["y_train"].max()) + 1
    names = () if classes is None else class_names_of(classes, count, str(path))
    return Recordings(
        arrays, None if rate is None else int(rate.item()), names, _speakers(arrays, said, str(path))
    )


def _speakers(arrays: dict[str, NDArray], said: list[NDArray | None], name: str):
    """Speakers of both parts as text, or None."""
    first, second = said
    if first is None or second is None:
        return None
    for key, part, each in zip(SPEAKERS, PARTS, (first, second), strict=True):
        wanted = (len(arrays[f"y_{part}"]),)
        if each.shape != wanted or each.dtype.kind not in "iuU":
            raise EngramError(
                f"{name}: {key} must be a number or a name for every recording, {wanted}, got {each.dtype} "
                f"of shape {each.shape}"
            )
    return first.astype(str), second.astype(str)


def as_samples(waves: NDArray, key: str, name: str) -> NDArray[np.int16]:
    """Waveforms (N, L) as int16: such as they are, or floats from -1 to 1 rounded half up.

    Raises
    ------
    EngramError
        If they are others.
    """
    wanted = f"{name}: {key} must be waveforms (N, samples), int16 or floats from -1 to 1"
    if waves.ndim != 2 or waves.dtype not in (np.int16, np.float32, np.float64) or not waves.size:
        raise EngramError(f"{wanted}, got {waves.dtype} of shape {waves.shape}; convert them")
    if waves.dtype == np.int16:
        return waves
    largest = np.abs(waves).max()
    if not largest <= 1:
        raise EngramError(
            f"{wanted}, got magnitudes up to {largest:g}; replace NaN, and divide by the largest"
        )
    return np.minimum(np.floor(waves.astype(np.float64) * 2**15 + 0.5), 2**15 - 1).astype(np.int16)
