"""``engram check import``: every layer against ONNX Runtime, and the RTL."""

import json
from pathlib import Path

import numpy as np
import pytest

from sw.bundle import load, save
from sw.reference.frontend import LayerParameters
from tests.helpers.commands import run
from tests.helpers.networks.build import Network

BUNDLE = Path("x.engram")
RNG = np.random.default_rng(8)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = Network("qdq", (1, 6, 6)).convolve(RNG.integers(-3, 4, (2, 1, 3, 3)))
    net.then("Relu").quantise(0.2013, 2).convolve(RNG.integers(-3, 4, (2, 2, 3, 3)), strides=[2, 2])
    net.quantise(0.5, 2, signed=True, narrow=True).dense(RNG.choice([-1, 1], (3, 18))).write(
        tmp_path / "net.onnx"
    )
    assert run("import", "net.onnx", "-o", "x.engram", "--input-scale", "1/128")[0] == 0


def check(*options):
    code, out, error = run("check", "import", "net.onnx", "x.engram", "--json", *options)
    return code, json.loads(out) if out else None, " ".join(error.split())


def test_all_layers_and_classes_are_equal():
    code, found, _ = check("--images", 50, "--no-rtl")
    assert code == 0
    assert found["inputs"] == 50 and found["differences"] == 0 and found["rtl_differences"] is None
    assert [layer["name"] for layer in found["layers"]] == ["conv1", "conv7", "head"]
    assert found["values"] == sum(layer["values"] for layer in found["layers"]) == 50 * (72 + 36 + 1)


def test_equal_scores_that_floats_tell_apart_are_told(tmp_path):
    """Sums of 0.4013 round in some order, so equal numbers of matches give different logits."""
    rng = np.random.default_rng(8)
    net = Network("qdq", (1, 6, 6)).convolve(rng.integers(-3, 4, (2, 1, 3, 3)))
    net.then("Relu").quantise(0.2013, 2).convolve(rng.integers(-3, 4, (2, 2, 3, 3)), strides=[2, 2])
    net.quantise(0.4013, 2, signed=True, narrow=True).dense(rng.choice([-1, 1], (3, 18)))
    net.write(tmp_path / "net.onnx")
    assert run("import", "net.onnx", "-o", "x.engram", "--input-scale", "1/128")[0] == 0
    code, found, _ = check("--no-rtl", "--images", 300)
    last = found["layers"][-1]
    assert last["name"] == "head" and last["differences"] == last["ties"] > 0
    assert code == 1


def test_templates_of_ones_own_are_not_held_against_the_head():
    bundle = load(BUNDLE)
    save(bundle.with_(templates=1 - bundle.templates, array=bundle.array), BUNDLE)
    code, found, _ = check("--no-rtl")
    assert code == 0 and len(found["layers"]) == 2


def test_another_front_end_is_refused():
    bundle = load(BUNDLE)
    first, *rest = bundle.frontend
    changed = LayerParameters(first.weight, first.thresholds + 1)
    save(bundle.with_(frontend=(changed, *rest)), BUNDLE)
    code, _, error = check("--no-rtl")
    assert code == 2 and "must have the layers of net.onnx, it has others" in error


def test_another_input_rule_is_told(monkeypatch):
    code, _, error = check("--no-rtl", "--input-scale", "1/100")
    assert code == 2 and "it has others" in error


def test_a_difference_is_named_by_layer_index_expected_and_got(monkeypatch):
    from sw.importing import compare

    right = compare.forward

    def wrong(images, design, parameters):
        outputs = right(images, design, parameters)
        outputs[0][3, 1, 2, 4] += 1
        return outputs

    monkeypatch.setattr(compare, "forward", wrong)
    code, found, error = check("--images", 10, "--no-rtl")
    assert code == 1 and found["differences"] == 1
    name = found["layers"][0]["name"]
    assert f"difference: image 3, {name}[1, 2, 4]: expected" in error
