"""Data sets: fixed split, the .npz layout, one line for everything that is not of it."""

import io
import zipfile

import numpy as np
import pytest

from sw.data.dataset import load, load_npz
from sw.errors import EngramError


def arrays(**changes):
    rng = np.random.default_rng(0)
    good = {
        "x_train": rng.integers(0, 256, (60, 4, 5)).astype(np.uint8),
        "y_train": np.arange(60) % 3,
        "x_test": rng.integers(0, 256, (9, 4, 5)).astype(np.uint8),
        "y_test": np.arange(9) % 3,
    }
    return {key: value for key, value in {**good, **changes}.items() if value is not None}


def saved(tmp_path, **changes):
    path = tmp_path / "own.npz"
    np.savez_compressed(path, **arrays(**changes))
    return path


def test_digits_are_split_into_fixed_parts_with_the_whole_grey_range():
    digits = load("digits")
    parts = [digits.train.images, digits.validation.images, digits.test.images]
    assert [len(part) for part in parts] == [1261, 181, 355]
    assert digits.train.images.shape[1:] == (8, 8) and digits.classes == 10
    assert all(part.dtype == np.uint8 and part.max() == 255 and part.min() == 0 for part in parts)
    assert len(np.unique(digits.train.images)) == 17
    for labels in (digits.train.labels, digits.validation.labels, digits.test.labels):
        counts = np.bincount(labels)
        assert len(counts) == 10 and counts.max() - counts.min() <= 0.1 * counts.mean() + 1
    assert digits.digest == load("digits").digest
    assert (digits.origin.name, digits.origin.digest) == ("digits", digits.digest)
    assert digits.parts == {"train": digits.train, "validation": digits.validation, "test": digits.test}
    first = digits.test.first(7)
    assert len(first) == len(first.labels) == 7 and np.array_equal(first.images, digits.test.images[:7])
    assert digits.digest == "b5aff8e4ccf785d20f4fabd4aebd2c3ab64415700bbcbf665d12a0ec475af97c"


def test_npz_is_split_by_class_and_nothing_is_lost(tmp_path):
    own = load(str(saved(tmp_path)))
    assert (own.name, own.classes) == ("own.npz", 3)
    assert np.bincount(own.validation.labels).tolist() == [2, 2, 2]
    together = np.concatenate([own.train.images, own.validation.images]).reshape(60, -1)
    assert np.array_equal(np.unique(together, axis=0), np.unique(arrays()["x_train"].reshape(60, -1), axis=0))
    assert own.train.labels.dtype == own.test.labels.dtype == np.uint8


def test_digest_follows_every_part(tmp_path):
    first = load_npz(saved(tmp_path)).digest
    assert load_npz(saved(tmp_path)).digest == first
    changed = arrays()
    changed["x_test"][-1, -1, -1] ^= 1
    assert load_npz(saved(tmp_path, x_test=changed["x_test"])).digest != first
    swapped = arrays()["y_test"][::-1].copy()
    assert load_npz(saved(tmp_path, y_test=swapped)).digest != first


def test_validation_part_is_at_most_5000_images(tmp_path):
    many = np.zeros((60_000, 4, 5), np.uint8)
    own = load_npz(saved(tmp_path, x_train=many, y_train=np.arange(60_000) % 3))
    assert len(own.validation.images) == 3 * (5_000 // 3)


LABELS = np.arange(60) % 3
REFUSALS = {
    "key missing": (
        {"y_test": None},
        "must hold x_train, y_train, x_test, y_test; missing: y_test, found: x_train, y_train, x_test",
    ),
    "float images": (
        {"x_train": np.zeros((60, 4, 5))},
        "x_train must be uint8 of shape (N, height, width), got float64 of shape (60, 4, 5); "
        "convert colour to grey and scale to 0..255",
    ),
    "colour images": (
        {"x_test": np.zeros((9, 4, 5, 3), np.uint8)},
        "x_test must be uint8 of shape (N, height, width), got uint8 of shape (9, 4, 5, 3); "
        "convert colour to grey and scale to 0..255",
    ),
    "one-hot labels": (
        {"y_train": np.eye(3, dtype=np.int64)[LABELS]},
        "y_train must be integers of shape (N,), got int64 of shape (60, 3)",
    ),
    "float labels": (
        {"y_train": LABELS.astype(float)},
        "y_train must be integers of shape (N,), got float64 of shape (60,)",
    ),
    "lengths differ": (
        {"y_train": LABELS[:50]},
        "x_train and y_train must have one length, got 60 and 50",
    ),
    "no images": (
        {"x_test": np.zeros((0, 4, 5), np.uint8), "y_test": np.zeros(0, int)},
        "x_test must hold at least one image, got shape (0, 4, 5)",
    ),
    "sizes differ": (
        {"x_test": np.zeros((9, 5, 5), np.uint8)},
        "training and test images must have one size, got (4, 5) and (5, 5)",
    ),
    "labels from 1": (
        {"y_train": LABELS + 1},
        "y_train must hold every class 0 .. K-1, with K from 2 to 256, got 3 different labels from 1 to 3",
    ),
    "one class": (
        {"y_train": LABELS * 0},
        "y_train must hold every class 0 .. K-1, with K from 2 to 256, got 1 different labels from 0 to 0",
    ),
    "lonely class": (
        {"y_train": np.r_[LABELS[:-1], 3]},
        "y_train must hold every class at least twice, one for validation; class 3 comes once",
    ),
    "unknown test class": (
        {"y_test": np.arange(9)},
        "y_test must hold the classes of y_train, 0 to 2, got 0 to 8",
    ),
    "object array": (
        {"y_test": np.array([1, "two"] * 4 + [None], dtype=object)},
        "y_test is an object array, which is never unpickled; save it as integers",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_npz_of_another_layout_is_refused(tmp_path, case):
    changes, message = REFUSALS[case]
    path = saved(tmp_path, **changes)
    with pytest.raises(EngramError) as refusal:
        load(str(path))
    assert str(refusal.value) == f"{path}: {message}" or str(refusal.value) == f"{path} {message}"


def foreign_files(tmp_path):
    good = saved(tmp_path).read_bytes()
    np.save(tmp_path / "single.npy", np.zeros(3))
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 255
    return {
        "empty": b"",
        "text": b"label,pixel\n",
        "pickle": b"\x80\x04N.",
        "one array": (tmp_path / "single.npy").read_bytes(),
        "cut short": good[: len(good) // 2],
        "without its directory": good[:-30],
        "damaged": bytes(flipped),
    }


@pytest.mark.parametrize(
    "case", ["empty", "text", "pickle", "one array", "cut short", "without its directory", "damaged"]
)
def test_files_that_are_no_npz_are_refused(tmp_path, case):
    path = tmp_path / "foreign.npz"
    path.write_bytes(foreign_files(tmp_path)[case])
    with pytest.raises(EngramError) as refusal:
        load(str(path))
    assert str(refusal.value) == (
        f"{path} is not a NumPy .npz file, or is damaged; save one with numpy.savez(FILE, x_train=...)"
    )


def test_size_beyond_memory_is_refused(tmp_path):
    path = tmp_path / "vast.npz"
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (10**15, 8, 8)}
    )
    with zipfile.ZipFile(path, "w") as archive:
        for key in ("x_train", "y_train", "x_test", "y_test"):
            archive.writestr(f"{key}.npy", header.getvalue())
    with pytest.raises(EngramError, match=r"vast.npz says that it holds more than fits into memory; it is"):
        load(str(path))


def test_missing_file_and_unknown_name_are_refused(tmp_path):
    with pytest.raises(EngramError) as refusal:
        load(str(tmp_path / "none.npz"))
    assert str(refusal.value) == (
        f"cannot read {tmp_path / 'none.npz'}: No such file or directory; "
        "give one of digits, mnist, fashion-mnist, cifar10-grey, or a file"
    )
    with pytest.raises(EngramError) as refusal:
        load("imagenet")
    assert str(refusal.value) == (
        "data must be one of digits, mnist, fashion-mnist, cifar10-grey or a path ending in .npz, "
        "got 'imagenet'"
    )


def test_names_are_looked_for_in_engram_data_then_in_the_cache(tmp_path, monkeypatch):
    own, cache = tmp_path / "own", tmp_path / "cache"
    monkeypatch.setenv("ENGRAM_DATA", str(own))
    monkeypatch.setenv("ENGRAM_CACHE", str(cache))
    for folder, value in ((cache, 1), (own, 2)):
        folder.mkdir()
        images = np.full((9, 4, 5), value, np.uint8)
        np.savez(folder / "fashion_mnist.npz", **arrays(x_test=images))
        found = load("fashion-mnist")
        assert found.name == "fashion-mnist"
        assert found.test.images[0, 0, 0] == value
