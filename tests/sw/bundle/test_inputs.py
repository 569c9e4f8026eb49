"""What a bundle tells of its inputs: in the file only if there is something to tell."""

import pytest

from sw.bundle.file import from_bytes
from sw.bundle.inputs import NOTHING_TOLD, Inputs
from sw.errors import EngramError
from sw.reference.inputs.affine import Affine
from tests.helpers.bundles import TINY, random_bundle, tiny_design

BUNDLE = random_bundle(TINY, 1)


def test_a_bundle_without_is_written_as_before():
    assert b"inputs" not in BUNDLE.to_bytes() and BUNDLE.inputs is NOTHING_TOLD
    assert BUNDLE.with_(inputs=Inputs()).digest == BUNDLE.digest


@pytest.mark.parametrize(
    "inputs", [Inputs(class_names=("ant", "bee", "cat")), Inputs(affine=Affine.between(-3, 70))]
)
def test_round_trip(inputs):
    bundle = BUNDLE.with_(inputs=inputs)
    assert from_bytes(bundle.to_bytes(), "x").inputs == inputs
    assert bundle.digest != BUNDLE.digest


def test_classes_by_number_and_name():
    named = Inputs(class_names=("ant", "bee"))
    assert [named.name_of(label) for label in (0, 1, 2, -1)] == ["0 ant", "1 bee", "2", "-1"]
    assert NOTHING_TOLD.name_of(0) == "0"


def test_names_are_one_for_each_class():
    with pytest.raises(EngramError, match="inputs must name all 3 classes or none, got 2 names"):
        BUNDLE.with_(inputs=Inputs(class_names=("ant", "bee")))


@pytest.mark.parametrize(
    "names", [("a", "a"), ("a", ""), ("a", "x" * 65), ("a", "b\n"), ("a", "[b]"), ("a", "$b$")]
)
def test_names_that_cannot_be_told_apart_or_printed(names):
    with pytest.raises(ValueError, match="class"):
        Inputs(class_names=names)


def test_a_damaged_description_is_one_line():
    raw = BUNDLE.with_(inputs=Inputs(class_names=("ant", "bee", "cat"))).to_bytes()
    with pytest.raises(EngramError, match=r"x: inputs: class_names: class names must differ"):
        from_bytes(raw.replace(b"bee", b"ant"), "x")


def test_images_in_one_pixel_keep_the_shape_that_data_sets_have():
    design = tiny_design(height=1, width=1, channels=30, layers=[{"kind": "pointwise1x1", "out_channels": 3}])
    bundle = random_bundle(design, 1).with_(inputs=Inputs(flattened=(6, 5)))
    read = from_bytes(bundle.to_bytes(), "x")
    assert read.inputs == bundle.inputs
    assert read.inputs.size_for(design.image_size) == (6, 5, 1)
    assert Inputs(flattened=(2, 5, 3)).size_for(design.image_size) == (2, 5, 3)
    assert NOTHING_TOLD.size_for(design.image_size) == (1, 1, 30)
    with pytest.raises(
        EngramError, match="6 x 4 pixels must be one pixel of 24 channels to the design, it t"
    ):
        bundle.with_(inputs=Inputs(flattened=(6, 4)))
    with pytest.raises(EngramError, match="must be one pixel of"):
        BUNDLE.with_(inputs=Inputs(flattened=(5, 6)))
