"""Data sets: fixed split, the .npz layout, one line for everything that is not of it."""

import io
import zipfile

import numpy as np
import pytest

from sw.bundle.inputs import Inputs
from sw.data.dataset import load, load_npz
from sw.errors import EngramError
from sw.progress import Listener, unseen


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


def test_arrays_of_other_names_are_named(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, train_images=np.zeros((2, 4, 4), np.uint8), test_labels=np.zeros(2))
    with pytest.raises(EngramError, match="found: train_images, test_labels; "):
        load_npz(path)


@pytest.mark.parametrize(
    ("key", "hint"), [("x_train", "images of different sizes"), ("y_test", "save numbers")]
)
def test_objects_are_never_unpickled(tmp_path, key, hint):
    path = saved(tmp_path, **{key: np.array([1, "two"], dtype=object)})
    with pytest.raises(EngramError) as refusal:
        load(str(path))
    assert str(refusal.value).startswith(
        f"{path}: {key} is an object array, which is never unpickled; {hint}"
    )


def heard(path):
    """The data set at a path, and what is warned of."""
    warnings = []
    return load(str(path), Listener(pytest.fail, warnings.append, unseen, pytest.fail)), warnings


def test_the_only_image_of_a_class_is_trained_and_chosen_with(tmp_path):
    path = saved(tmp_path, y_train=np.r_[np.arange(58) % 3, 4, 3])
    own, warnings = heard(path)
    assert np.bincount(own.train.labels).tolist() == [18, 18, 18, 1, 1]
    assert np.bincount(own.validation.labels).tolist() == [2, 1, 1, 1, 1]
    for label in (3, 4):
        one, other = (part.images[part.labels == label] for part in (own.train, own.validation))
        assert np.array_equal(one, other)
    assert warnings == [
        f"{path}: only one training image of class 3, 4; it serves for training and for validation"
    ]


def test_a_set_of_one_image_per_class_has_all_parts(tmp_path):
    few = arrays()
    own, _ = heard(saved(tmp_path, x_train=few["x_train"][:3], y_train=np.array([2, 0, 1], np.uint64)))
    assert sorted(own.train.labels) == sorted(own.validation.labels) == [0, 1, 2]


def test_test_images_that_were_trained_with_are_told_of(tmp_path):
    same = arrays()["x_train"][:9].copy()
    same[4:, 0, 0] ^= 1
    path = saved(tmp_path, x_test=same)
    assert heard(path)[1] == [
        f"{path}: 4 of 9 test images are training images too; accuracy on these says nothing about new ones"
    ]
    assert heard(saved(tmp_path))[1] == []


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
        "give one of digits, mnist, fashion-mnist, cifar10, cifar10-grey, spoken-digits, or a file"
    )
    with pytest.raises(EngramError) as refusal:
        load("imagenet")
    assert str(refusal.value) == (
        "data must be one of digits, mnist, fashion-mnist, cifar10, cifar10-grey, spoken-digits or a path "
        "ending in .npz, got 'imagenet'"
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


def test_names_of_classes_come_from_the_file_or_the_name(tmp_path, monkeypatch):
    path = saved(tmp_path, classes=np.array(["ant", "bee", "cat"]))
    assert load(str(path)).inputs.class_names == ("ant", "bee", "cat")
    assert load(str(saved(tmp_path))).inputs.class_names == ()
    monkeypatch.setenv("ENGRAM_DATA", str(tmp_path))
    ten = {"y_train": np.arange(60) % 10, "x_train": np.zeros((60, 8, 5, 3), np.uint8)}
    np.savez(tmp_path / "cifar10.npz", **arrays(**ten, x_test=np.zeros((9, 8, 5, 3), np.uint8)))
    found = load("cifar10")
    assert found.inputs.class_names[3] == "cat" and found.size.channels == 3
    for wrong, message in (
        (
            np.array(["ant", "bee"]),
            r"classes must be 3 names, in the order of the labels, got <U3 of shape \(2,\)",
        ),
        (np.arange(3), "classes must be 3 names, in the order of the labels, got int64"),
        (np.array(["ant", "bee", "bee"]), "classes: class_names: class names must differ"),
    ):
        with pytest.raises(EngramError, match=message):
            load(str(saved(tmp_path, classes=wrong)))


def test_other_values_get_a_rule_that_is_told_and_kept(tmp_path):
    floats = arrays()["x_train"] / 255 * 4 - 2
    path = saved(tmp_path, x_train=floats, x_test=arrays()["x_test"] / 255 * 4 - 2)
    said = []
    own = load(str(path), Listener(said.append, pytest.fail, unseen, pytest.fail))
    assert own.inputs.affine is not None
    assert said == [
        f"{path}: float64 values become 0..255 as x * 63.75 + 127.5, rounded; 0.000% of them are clipped"
    ]
    assert np.array_equal(own.test.images, arrays()["x_test"])
    # another file by the rule of a bundle that was trained on the first
    other = saved(tmp_path, x_train=floats, x_test=arrays()["x_test"] / 255 * 8 - 2)
    tried = load(str(other), inputs=own.inputs)
    assert np.array_equal(tried.test.images, np.minimum(arrays()["x_test"].astype(int) * 2, 255))
    with pytest.raises(
        EngramError, match="x_train must be uint8, as the images that the bundle was trained on"
    ):
        load(str(other), inputs=Inputs())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_test": np.full((9, 4, 5), np.nan)}, "x_test must hold finite numbers, 180 of 180 are NaN"),
        ({"axes": np.array("NCHW")}, "x_train must have the axes NCHW that the file names, got shape"),
        (
            {"axes": np.array("HW")},
            "axes must be one of NHW, NHWC, NCHW, NL, NLC, NCL, got 'HW'; name them so",
        ),
        ({"x_test": np.zeros((9, 8, 5, 3))}, "training and test images must have one size, got"),
    ],
)
def test_inputs_that_nobody_can_read_are_one_line(tmp_path, changes, message):
    with pytest.raises(EngramError, match=message) as refusal:
        load(str(saved(tmp_path, **changes)))
    assert "\n" not in str(refusal.value)


def test_images_become_one_pixel_for_a_bundle_that_takes_them_so(tmp_path):
    path = str(saved(tmp_path))
    plain = load(path)
    flat = load(path, inputs=Inputs(flattened=(4, 5)))
    assert flat.test.images.shape == (9, 1, 1, 20) and flat.inputs.flattened == (4, 5)
    assert flat.test.images.tobytes() == plain.test.images.tobytes()
    assert load("digits", inputs=Inputs(flattened=(8, 8))).size == (1, 1, 64)
    with pytest.raises(
        EngramError, match="must have images of 5 x 4 pixels, as the bundle takes, it has 4 x"
    ):
        load(path, inputs=Inputs(flattened=(5, 4)))
