"""What a training is decided to be: design by data, the recorded command, identity of a teacher's file."""

from pathlib import Path

import numpy as np
import pytest

from sw.commands.options.array import chosen_array
from sw.commands.train.plan import design_for, design_of_file, plan_of
from sw.commands.train.request import Request
from sw.data.parts import Dataset, Part
from sw.errors import EngramError
from sw.training.presets import DESIGNS, PRESETS


def planned(**settings):
    return plan_of(Request(**settings))


def test_a_teachers_file_counts_by_its_content_and_is_recorded_by_its_name(tmp_path):
    plans = []
    for folder, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.pt2").write_bytes(content)
        plans.append(planned(teacher=str(tmp_path / folder / "mine.pt2")))
    assert {plan.step.line for plan in plans} == {"engram train --data digits --teacher mine.pt2 --seed 0"}
    assert plans[0].identity == plans[1].identity
    assert plans[0].folder == plans[1].folder != plans[2].folder
    assert planned(teacher="r8").identity["recipe"]["teacher"] == "r8"
    absent = planned(teacher="absent.pt2")
    with pytest.raises(EngramError, match="absent"):
        _ = absent.identity


def test_the_chips_of_noise_aware_training_are_recorded_as_they_were_given(tmp_path):
    array = {"read_time": "1d", "device": str(tmp_path / "own.csv"), "noise": True}
    plan = plan_of(Request(noise_aware=True, array=array), chosen_array())
    assert plan.noise == chosen_array()
    assert plan.step.options == (
        ("data", "digits"),
        ("noise-aware", True),
        ("device", "own.csv"),
        ("read-time", "1d"),
        ("noise", True),
    )


def test_a_preset_trains_on_other_data_too(tmp_path):
    path = tmp_path / "mine.npz"
    images, labels = np.zeros((30, 9, 11, 2), np.uint8), np.arange(30) % 3
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    preset, plan = PRESETS["digits"], planned(preset="digits", data=str(path), seed=4)
    assert plan.step.line == "engram train --preset digits --data mine.npz --seed 4"
    assert plan.design == preset.design.with_(height=9, width=11, channels=2, classes=3)
    assert plan.recipe == preset.recipe
    assert len(plan.dataset.test) == 30
    same = planned(preset="digits", data="digits")
    assert same.step.line == "engram train --preset digits --seed 0"
    assert same.identity == planned(preset="digits").identity


def named(name, height, width, classes=3):
    part = Part(np.zeros((4, height, width), np.uint8), np.zeros(4, np.uint8))
    return Dataset(name, part, part, part, classes=classes)


@pytest.mark.parametrize(
    ("name", "size", "preset", "layers_of"),
    [
        ("digits", (8, 8), None, "digits"),
        ("mnist", (28, 28), None, "mnist"),
        ("own.npz", (10, 9), None, "digits"),
        ("fashion-mnist", (28, 28), None, "mnist"),
        ("big.npz", (64, 48), None, "cifar10-grey"),
        ("own.npz", (28, 28), "digits", "digits"),
    ],
)
def test_design_follows_name_or_size_of_the_data(name, size, preset, layers_of):
    design = design_for(named(name, *size, classes=5), preset)
    assert design.layers == DESIGNS[layers_of].layers
    assert (design.height, design.width, design.classes) == (*size, 5)
    assert design.name == name.removesuffix(".npz")


def test_channels_follow_the_data():
    images = np.zeros((6, 1, 90, 2), np.uint8)
    part = Part(images, np.arange(6, dtype=np.uint8) % 3)
    design = design_for(Dataset("own.npz", part, part, part, classes=3), None)
    assert design.image_size == (1, 90, 2) and design.layers == DESIGNS["digits"].layers


@pytest.mark.parametrize(("name", "want"), [("a b.npz", "a-b"), ("_x.npz", "x"), ("é.npz", "unnamed")])
def test_design_name_is_made_of_allowed_characters(name, want):
    assert design_for(named(name, 8, 8), None).name == want


OWN = """
thresholds_per_feature = 2
templates_per_class = 3
rows = 64
[[layers]]
kind = "conv3x3"
out_channels = 4
stride = 2
weight_bits = 1
activation_bits = 2
[[layers]]
kind = "pointwise1x1"
out_channels = 8
"""


def test_a_design_of_ones_own_has_the_size_of_the_data_and_the_name_of_its_file(tmp_path):
    path = tmp_path / "my small.toml"
    path.write_text(OWN, encoding="utf-8")
    design = design_for(named("own.npz", 9, 12, classes=4), str(path))
    assert (design.name, design.height, design.width, design.classes) == ("my-small", 9, 12, 4)
    assert (design.thresholds_per_feature, design.templates, design.rows) == (2, 12, 64)
    assert [layer.out_channels for layer in design.layers] == [4, 8]
    assert design.features == 5 * 6 * 8 * 2
    plan = plan_of(Request(data="digits", design=str(path)))
    assert plan.name == plan.design.name == "my-small"
    assert ("design", "my small.toml") in plan.step.options


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("rows = 64", "height = 8", "leave height out: a design is named as its file"),
        ("rows = 64", "row = 64", "unknown key 'row'"),
        ("rows = 64", "rows = 0", "rows: Input should be greater than or equal to 1, got 0"),
        ('"pointwise1x1"', '"conv8x8"', "kind"),
        ("activation_bits = 2", "", "layer 0 with weights must have activation_bits"),
        (OWN, "rows = 64", "must have [[layers]]"),
        (OWN, "rows =", "must be a TOML file"),
    ],
)
def test_a_design_of_ones_own_that_is_refused(tmp_path, before, after, said):
    path = tmp_path / "mine.toml"
    path.write_text(OWN.replace(before, after), encoding="utf-8")
    with pytest.raises(EngramError) as refusal:
        design_of_file(path, named("own.npz", 9, 12))
    assert said in str(refusal.value)
    assert str(refusal.value).startswith(str(path))


def test_the_wider_student_of_the_documents_is_the_preset_made_larger():
    """Its file is named by a published command, and nothing else reads it."""
    preset = PRESETS["cifar10-97nj"].design
    wide = design_of_file(
        Path(__file__).parents[4] / "docs" / "cifar10-wide.toml", named("cifar10-grey", 32, 32, classes=10)
    )
    assert [layer.stride for layer in wide.layers] == [layer.stride for layer in preset.layers]
    assert wide.macs == 1_161_216 > preset.macs
