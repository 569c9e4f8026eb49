"""The bundle file: equal content gives equal bytes, and files appear whole or not at all."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sw.bundle import file as bundle_file
from sw.bundle import load, open_bundle, save
from sw.bundle.provenance import Provenance, Step
from sw.design import Layer
from sw.errors import EngramError
from sw.reference.adc import AdcTables
from sw.reference.frontend import LayerParameters, Requantisation
from tests.helpers.bundles import TINY, random_bundle, tiny_design

GOOD = random_bundle(tiny_design(adc_bits=4, cell_bits=2, thresholds_per_feature=2), 1, codes="random")
RAW = GOOD.to_bytes()
TENSORS = GOOD._tensors()

DESIGNS = {
    "plain": TINY,
    "adc": GOOD.design,
    "no layers": tiny_design(layers=()),
    "every kind of layer": tiny_design(
        layers=(
            Layer(kind="conv3x3", out_channels=4, weight_bits=1, activation_bits=4),
            Layer(kind="depthwise3x3", weight_bits=8, activation_bits=1),
            Layer(kind="maxpool2x2", stride=2),
            Layer(kind="pointwise1x1", out_channels=3, weight_bits=4),
        )
    ),
    "wide activations": tiny_design(
        layers=(
            Layer(kind="conv3x3", out_channels=4, activation_bits=8),
            Layer(kind="maxpool2x2", stride=2),
            Layer(kind="depthwise3x3", weight_bits=4, activation_bits=5),
            Layer(kind="pointwise1x1", out_channels=3, weight_bits=4),
        )
    ),
    "pool last": tiny_design(
        layers=(Layer(kind="conv3x3", out_channels=2), Layer(kind="maxpool2x2", stride=2))
    ),
}


# -- round trip ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
@pytest.mark.parametrize("codes", ["ideal", "random"])
def test_round_trip_is_byte_identical(design, codes, tmp_path):
    bundle = random_bundle(design, 3, codes=codes)
    save(bundle, tmp_path / "a.engram")
    again = load(tmp_path / "a.engram")
    save(again, tmp_path / "b.engram")
    assert (tmp_path / "a.engram").read_bytes() == (tmp_path / "b.engram").read_bytes()
    assert again.digest == bundle.digest
    assert again.design == bundle.design
    assert again.provenance == bundle.provenance
    for name, tensor in bundle._tensors().items():
        np.testing.assert_array_equal(again._tensors()[name], tensor)
        assert again._tensors()[name].dtype == tensor.dtype


def test_equal_content_gives_equal_bytes():
    assert random_bundle(GOOD.design, 1, codes="random").to_bytes() == RAW
    transposed = GOOD.with_(templates=np.asfortranarray(GOOD.templates))
    assert transposed.to_bytes() == RAW
    ordered = {"b": 1.0, "a": 2.0}, {"a": 2.0, "b": 1.0}
    first, second = (GOOD.with_(provenance=Provenance(metrics=m)) for m in ordered)
    assert first.to_bytes() == second.to_bytes()


def test_any_change_changes_the_digest():
    template = GOOD.templates.copy()
    template[0, 0] ^= 1
    changed = [
        GOOD.with_(templates=template),
        GOOD.with_(design=GOOD.design.with_(margin=1)),
        GOOD.with_(provenance=Provenance(steps=(Step(command="tests", seed=2),))),
        GOOD.with_array(adc=replace(GOOD.array.adc, shift=GOOD.array.adc.shift - 1)),
    ]
    assert len({bundle.digest for bundle in [GOOD, *changed]}) == 5


# -- files --------------------------------------------------------------------------------------------------


def test_saving_replaces_whole_files_only(tmp_path, monkeypatch):
    path = tmp_path / "x.engram"
    save(GOOD, path)

    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "replace", fail)
    with pytest.raises(EngramError) as refusal:
        save(random_bundle(TINY, 2), path)
    assert str(refusal.value) == f"cannot write {path}: No space left on device"
    assert path.read_bytes() == RAW
    assert os.listdir(tmp_path) == ["x.engram"]


def test_folders_are_made_and_files_in_the_way_are_refused(tmp_path):
    save(GOOD, tmp_path / "new" / "deep" / "x.engram")
    assert load(tmp_path / "new" / "deep" / "x.engram").digest == GOOD.digest
    with pytest.raises(EngramError, match="cannot write"):
        save(GOOD, tmp_path / "new" / "deep" / "x.engram" / "y.engram")


def test_a_folder_is_no_file_name():
    with pytest.raises(EngramError) as refusal:
        save(GOOD, Path())
    assert str(refusal.value) == "cannot write .: that is a folder; give a file name"


def test_missing_files_and_folders_are_refused(tmp_path):
    for path, reason in ((tmp_path / "no.engram", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(EngramError) as refusal:
            load(path)
        assert str(refusal.value) == f"cannot read {path}: {reason}; a bundle is a *.engram file"


def test_bundle_arguments_are_paths_or_zoo_names(tmp_path, monkeypatch):
    save(GOOD, tmp_path / "small.engram")
    assert open_bundle(str(tmp_path / "small.engram")).digest == GOOD.digest
    monkeypatch.setattr(bundle_file, "ZOO", tmp_path)
    assert open_bundle("zoo:small").digest == GOOD.digest
    for name in ("large", "../small", "", "small.engram"):
        with pytest.raises(EngramError) as refusal:
            open_bundle(f"zoo:{name}")
        assert str(refusal.value) == f"the zoo holds no bundle {name!r}; known: small"


def test_only_wide_activations_have_tensors_of_their_own():
    """So what was saved before there were any keeps its bytes and its digest."""
    names = random_bundle(DESIGNS["wide activations"], 1)._tensors()
    parts = ("weight", "thresholds", "multiplier", "offset", "shift")
    found = [[part for part in parts if f"frontend.{layer}.{part}" in names] for layer in range(4)]
    assert found == [list(parts), list(parts[:2]), list(parts), list(parts[:2])]


def test_requantisation_is_for_layers_that_requantise():
    wide = random_bundle(DESIGNS["wide activations"], 1)
    tables = Requantisation(*(np.zeros(2, part) for part in (np.int32, np.int64, np.int32)))
    last = LayerParameters(wide.frontend[3].weight, wide.frontend[3].thresholds, tables)
    with pytest.raises(EngramError, match=r"frontend\.3\.multiplier must be int32 of shape \(0,\), got"):
        wide.with_(frontend=(*wide.frontend[:3], last))


def test_one_bit_weights_may_not_be_zero():
    design = tiny_design(layers=(Layer(kind="conv3x3", out_channels=2, weight_bits=1),))
    bundle = random_bundle(design, 1)
    weight = np.zeros_like(bundle.frontend[0].weight)
    with pytest.raises(EngramError) as refusal:
        bundle.with_(frontend=(LayerParameters(weight, bundle.frontend[0].thresholds),))
    assert str(refusal.value) == "frontend.0.weight: 1-bit weights must be -1 or +1, got 0"


def test_one_entry_per_layer_is_needed():
    with pytest.raises(EngramError, match="design has 2 layers, parameters for 1 given"):
        GOOD.with_(frontend=GOOD.frontend[:1])


def test_the_ideal_adc_has_no_shift():
    ideal = random_bundle(TINY, 1)
    with pytest.raises(EngramError, match=r"adc\.shift must be 0 to 31, and 0 for the ideal ADC, got 3"):
        ideal.with_array(adc=AdcTables(shift=3))


def test_the_digest_covers_description_and_tensors():
    """Recomputed here from its definition, so that a change of format is noticed."""
    sha = hashlib.sha256(json.dumps(GOOD._description(), sort_keys=True).encode())
    for name in sorted(TENSORS):
        sha.update(f"\n{name} {TENSORS[name].dtype} {TENSORS[name].shape}\n".encode())
        sha.update(TENSORS[name].tobytes())
    assert GOOD.digest == sha.hexdigest()
