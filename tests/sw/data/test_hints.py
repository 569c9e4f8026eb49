"""Hints: the expression that a refusal gives makes the array what it must be."""

import re

import numpy
import numpy as np
import pytest

from sw.data.hints import image_hint, key_hint, label_hint, object_hint

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (6, 4, 5)).astype(np.uint8)
COLOUR = GREY[..., None].repeat(3, axis=-1)
"""Grey of which is itself."""
OPAQUE = np.concatenate([COLOUR, np.full_like(COLOUR[..., :1], 255)], axis=-1)
LABELS = np.array([0, 1, 2, 2, 1, 0])


def applied(hint, **arrays):
    """What the expression of a hint gives; the only names in it are numpy's and the array's."""
    found = re.search(r"take (.*?)(, with the same bounds for all parts)?$", hint)
    assert found, hint
    return eval(found[1], {"numpy": numpy, "__builtins__": {}}, arrays)


IMAGES = {
    "one channel, last": (GREY[..., None], "the last axis has one channel"),
    "one channel, first": (GREY[:, None], "the second axis has one channel"),
    "colour, last": (COLOUR, "colour images: "),
    "colour, first": (np.moveaxis(COLOUR, -1, 1), "colour images, channels first"),
    "colour with opacity": (OPAQUE, "colour images: "),
    "colour with opacity, first": (np.moveaxis(OPAQUE, -1, 1), "colour images, channels first"),
    "grey with opacity": (OPAQUE[..., 2:], "grey values with opacity"),
    "integers of 64 bits": (GREY.astype(np.int64), "values are int64 from "),
    "floats 0..255": (GREY.astype(np.float32), "values are float32 from "),
    "floats 0..1": (GREY / 255, "values lie from 0 to 1"),
    "floats -1..1": (GREY / 127.5 - 1, "values lie from -1 to 1"),
    "floats 0..1 with a channel": (GREY[..., None] / 255, "the last axis has one channel and values lie"),
    "colour floats, first": (np.moveaxis(COLOUR, -1, 1) / 255, "channels first and values lie"),
}  # fmt: skip


@pytest.mark.parametrize("case", IMAGES)
def test_expression_for_images_gives_grey_values(case):
    images, words = IMAGES[case]
    hint = image_hint("x_train", images)
    assert words in hint
    assert "colour" in case or "colour" not in hint
    got = applied(hint, x_train=images)
    assert got.dtype == np.uint8 and np.array_equal(got, GREY)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (GREY > 99, "values lie from 0 to 1"),
        (COLOUR > 99, "colour images and values lie from 0 to 1"),
        (GREY.astype(np.uint16) * 257, "values lie from "),
        (GREY.astype(np.float64) - 1e4, "values lie from "),
    ],
)
def test_expression_for_other_values_gives_the_whole_range(images, words):
    hint = image_hint("x_test", images)
    got = applied(hint, x_test=images)
    assert hint.startswith(words)
    assert got.dtype == np.uint8 and got.shape == GREY.shape and (got.min(), got.max()) == (0, 255)


def test_rows_of_pixels_are_reshaped():
    rows = np.arange(6 * 16, dtype=np.uint8).reshape(6, 16)
    assert applied(image_hint("x_train", rows), x_train=rows).shape == (6, 4, 4)
    assert image_hint("x_train", rows[:, :15]).endswith("take x_train.reshape(-1, height, width)")


@pytest.mark.parametrize(
    ("images", "hint"),
    [
        (np.array(["a.png"]), "give the grey values of the images as numbers"),
        (np.zeros(5), "give one grey image per entry of the first axis"),
        (np.zeros((2, 5, 5, 7)), "give one grey image per entry of the first axis"),
        (np.full((2, 4, 4), np.nan), "some values are not finite; replace those first"),
    ],
)
def test_images_that_nobody_can_convert_get_words_alone(images, hint):
    assert image_hint("x_train", images) == hint


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.eye(3)[LABELS], "one-hot"),
        (np.eye(3, dtype=np.uint8)[LABELS], "one-hot"),
        (np.eye(3, dtype=bool)[LABELS], "one-hot"),
        (np.eye(3)[LABELS] * 0.8 + 0.05, "scores of the classes"),
        (LABELS[:, None], "one axis is too many"),
        (LABELS[None], "one axis is too many"),
        (LABELS.astype(float), "whole numbers"),
        (LABELS.astype(float)[:, None], "whole numbers"),
        (LABELS.astype(str), "numbers as text"),
        (LABELS.astype("S"), "numbers as text"),
    ],
)
def test_expression_for_labels_gives_the_classes(labels, words):
    hint = label_hint("y_train", labels)
    assert words in hint
    got = applied(hint, y_train=labels)
    assert got.dtype.kind in "iu" and np.array_equal(got, LABELS)


def test_true_and_false_become_numbers():
    got = applied(label_hint("y_test", LABELS > 0), y_test=LABELS > 0)
    assert got.dtype == np.int64 and got.tolist() == [0, 1, 1, 1, 1, 0]


@pytest.mark.parametrize("kind", ["U", "S"])
def test_names_become_numbers_in_both_parts(kind):
    names = np.array(["ant", "bee", "cat"])[LABELS].astype(kind)
    hint = label_hint("y_train", names)
    assert hint.startswith("these are texts: ")
    known = {"numpy": numpy, "y_train": names, "y_test": names[::-1]}
    for statement in hint.partition(" by ")[2].split(" and then "):
        exec(statement, known)
    assert np.array_equal(known["y_train"], LABELS) and np.array_equal(known["y_test"], LABELS[::-1])


@pytest.mark.parametrize(
    ("labels", "hint"),
    [
        (np.array([0, 0.5]), "0.5 is no class; classes are whole numbers from 0 on"),
        (np.array([0, np.nan]), "nan is no class; classes are whole numbers from 0 on"),
        (np.array([[1, 1, 0]] * 3), "an image has one class; several, or none, cannot be learned"),
        (np.array(3), "give one class per image"),
        (np.array([1j]), "give one whole number per image"),
    ],
)
def test_labels_that_nobody_can_convert_get_words_alone(labels, hint):
    assert label_hint("y_train", labels) == hint


@pytest.mark.parametrize(
    "found",
    [
        ("X_train", "Y_train", "X_test", "Y_test"),
        ("train_images", "train_labels", "val_images", "val_labels", "test_images", "test_labels"),
        ("trainX", "trainY", "testX", "testY"),
        ("xtrain", "ytrain", "xtest", "ytest"),
        ("training_data", "training_targets", "testing_data", "testing_targets"),
    ],
)
def test_other_names_are_translated(found):
    hint = key_hint(found)
    pairs = dict(re.findall(r'(\w+)=old\["(\w+)"\]', hint))
    assert list(pairs) == ["x_test", "x_train", "y_test", "y_train"]
    for key, name in pairs.items():
        assert key[2:] in name.lower() and "val" not in name


def test_names_that_say_nothing_are_told_how_to_save():
    assert key_hint(["arr_0", "arr_1"]).startswith(
        "numpy.savez calls arrays arr_0, arr_1 that it gets without"
    )
    assert key_hint(["data", "target"]).startswith(
        "save them by these names, the test part apart: numpy.savez("
    )


def test_objects_are_told_by_what_they_should_be():
    assert object_hint("x_test").startswith("images of different sizes end so: resize")
    assert object_hint("y_test").startswith("save numbers as numpy.array(list(y_test)).astype(numpy.int64)")
