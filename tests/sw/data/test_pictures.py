"""A person's own pictures: read as they are, or refused in one line."""

import numpy as np
import pytest
from PIL import Image

from sw.bundle.inputs import Inputs
from sw.data.pictures import read_pictures
from sw.errors import EngramError
from sw.reference.inputs.affine import Affine
from tests.helpers.bundles import tiny_design

DESIGN = tiny_design()
"""6 x 5 pixels."""
GREY = np.arange(30, dtype=np.uint8).reshape(6, 5)


def test_a_picture_a_folder_and_arrays(tmp_path):
    for name, values in (("b.png", GREY), ("a.PNG", GREY + 1)):
        Image.fromarray(values).save(tmp_path / name, "png")
    (tmp_path / "notes.txt").write_text("not looked at")
    one = read_pictures(tmp_path / "b.png", DESIGN)
    assert one.names == ["b.png"] and one.labels is None and np.array_equal(one.images, GREY[None])
    both = read_pictures(tmp_path, DESIGN)
    assert both.names == ["a.PNG", "b.png"] and np.array_equal(both.images, [GREY + 1, GREY])
    colour = np.repeat(GREY[..., None], 3, axis=2)
    Image.fromarray(colour).save(tmp_path / "b.png")
    assert np.array_equal(read_pictures(tmp_path / "b.png", DESIGN).images[0], GREY)

    np.savez(tmp_path / "own.npz", images=both.images)
    own = read_pictures(tmp_path / "own.npz", DESIGN)
    assert own.names == ["own.npz[0]", "own.npz[1]"] and own.labels is None
    np.savez(tmp_path / "set.npz", x_test=both.images, y_test=np.array([2, 1], np.uint8), x_train=0)
    known = read_pictures(tmp_path / "set.npz", DESIGN)
    assert known.labels is not None and known.labels.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("a.png", lambda path: None, "cannot read .*a.png: No such file or directory; give a PNG file, a"),
        ("a.png", lambda path: path.write_text("no"), "cannot read .*a.png: it is no picture, or damaged"),
        (
            "a.png",
            lambda path: Image.fromarray(GREY.T.copy()).save(path),
            "a.png must be 5 x 6 pixels, got 6 x 5; scale it to that size",
        ),
        (
            "a.png",
            lambda path: Image.fromarray(GREY.astype(np.uint16)).save(path),
            "a.png must have 8 bits per pixel, it has more",
        ),
        ("folder", lambda path: path.mkdir(), r"folder .* must hold pictures \*.png, it has none"),
        ("a.npz", lambda path: path.write_text("no"), "a.npz is not a NumPy .npz file of numbers"),
        (
            "a.npz",
            lambda path: np.savez(path, x=1),
            "must hold an array 'images' or 'x_test', found: x;",
        ),
        (
            "a.npz",
            lambda path: np.savez(path, images=GREY),
            r"images must be numbers of shape \(N, height, width\) or .*, got uint8 of shape \(6, 5\); "
            r"images lie",
        ),
        ("a.npz", lambda path: np.savez(path, images=GREY.T[None]), "a.npz must be 5 x 6 pixels, got 6 x 5"),
        (
            "a.npz",
            lambda path: np.savez(path, images=GREY[None], labels=np.zeros(2, int)),
            r"labels must be 1 integers, got int64 of \(2,\); leave them out",
        ),
        (
            "a.npz",
            lambda path: np.savez(path, images=np.array([None, {}], object)),
            "a.npz is not a NumPy .npz file of numbers",
        ),
    ],
)
def test_what_cannot_be_sent_is_one_line(tmp_path, name, make, message):
    make(tmp_path / name)
    with pytest.raises(EngramError, match=message) as refusal:
        read_pictures(tmp_path / name, DESIGN)
    assert "\n" not in str(refusal.value)


def test_a_picture_that_is_cut_off_is_one_line(tmp_path):
    path = tmp_path / "cut.png"
    Image.fromarray(GREY).save(path)
    whole = path.read_bytes()
    pixels_end = whole.index(b"IEND") - 8  # only a check sum follows, which nobody needs
    for size in range(pixels_end - 8):
        path.write_bytes(whole[:size])
        with pytest.raises(EngramError, match=r"cut.png"):
            read_pictures(path, DESIGN)


def test_pictures_and_arrays_of_several_channels(tmp_path):
    design = DESIGN.with_(channels=3)
    colour = np.stack([GREY, GREY + 1, 255 - GREY], axis=-1)
    Image.fromarray(colour).save(tmp_path / "c.png")
    assert np.array_equal(read_pictures(tmp_path / "c.png", design).images[0], colour)
    np.savez(tmp_path / "c.npz", images=np.moveaxis(colour, -1, 0)[None], axes="NCHW")
    assert np.array_equal(read_pictures(tmp_path / "c.npz", design).images[0], colour)
    np.savez(tmp_path / "g.npz", images=GREY[None])
    with pytest.raises(EngramError, match=r"g.npz must have 3 channels, got 1; give images as those"):
        read_pictures(tmp_path / "g.npz", design)
    with pytest.raises(
        EngramError, match=r"c.png is a picture, which has 1 or 3 channels, the bundle takes 2"
    ):
        read_pictures(tmp_path / "c.png", DESIGN.with_(channels=2))


def test_values_of_a_sensor_need_the_rule_of_the_bundle(tmp_path):
    np.savez(tmp_path / "s.npz", images=GREY[None].astype(np.int16) - 15)
    with pytest.raises(
        EngramError, match=r"images must be uint8, as .*, got int16 from -15 to 14; values lie"
    ):
        read_pictures(tmp_path / "s.npz", DESIGN)
    own = read_pictures(tmp_path / "s.npz", DESIGN, Inputs(affine=Affine.between(-15, 240)))
    assert np.array_equal(own.images[0], GREY)


def test_pictures_become_one_pixel_for_a_bundle_that_takes_them_so(tmp_path):
    design = tiny_design(height=1, width=1, channels=30, layers=[{"kind": "pointwise1x1", "out_channels": 3}])
    inputs = Inputs(flattened=(6, 5))
    Image.fromarray(GREY).save(tmp_path / "a.png")
    np.savez(tmp_path / "a.npz", images=GREY[None])
    for name in ("a.png", "a.npz"):
        images = read_pictures(tmp_path / name, design, inputs).images
        assert images.shape == (1, 1, 1, 30) and images.tobytes() == GREY.tobytes()
    Image.fromarray(GREY.T).save(tmp_path / "a.png")
    with pytest.raises(EngramError, match="must be 5 x 6 pixels, got 6 x 5"):
        read_pictures(tmp_path / "a.png", design, inputs)
