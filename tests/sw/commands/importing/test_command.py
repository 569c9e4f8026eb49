"""``engram import``: what it writes, tells and refuses."""

import json

import numpy as np
import pytest

from sw.bundle import load
from tests.helpers.commands import run
from tests.helpers.networks.build import Network

SHAPE = (1, 6, 6)
RNG = np.random.default_rng(8)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images = RNG.integers(0, 256, (60, 6, 6), np.uint8)
    labels = np.arange(60) % 3
    np.savez("some.npz", x_train=images, y_train=labels, x_test=images[:20], y_test=labels[:20])
    large = np.zeros((60, 8, 8), np.uint8)
    np.savez("large.npz", x_train=large, y_train=labels, x_test=large[:20], y_test=labels[:20])


def network(path, signs=True, wide=False, image="image"):
    net = Network("qdq", SHAPE).quantise(1 / 255, 8).convolve(RNG.integers(-3, 4, (2, 1, 3, 3)))
    net.then("Relu").quantise(0.00313 if wide else 0.2013, 8 if wide else 2)
    net.convolve(RNG.integers(-3, 4, (2, 2, 3, 3)), strides=[2, 2])
    net.quantise(0.5, 2, signed=True, narrow=True)
    return net.dense(RNG.choice([-1, 1], (3, 18)) * (1 if signs else 2)).write(path)


def test_the_answer_is_about_the_bundle_written(tmp_path):
    network(tmp_path / "net.onnx")
    code, out, _ = run(
        "import", "net.onnx", "-o", "x.engram", "--data", "some.npz", "--seed", 3, "--thresholds", 2, "--json"
    )
    found, bundle = json.loads(out), load(tmp_path / "x.engram")
    assert code == 0
    assert found["bundle"] == "x.engram" and found["digest"] == bundle.digest
    assert [layer["name"] for layer in found["layers"]] == ["conv3", "conv9"]
    assert [layer["values"] for layer in found["layers"]] == [20 * 72, 20 * 36]
    assert found["inexact_layers"] == [] and found["head"]["exact"]
    assert found["images"] == 20 and found["data"] == "some.npz"
    metrics = bundle.provenance.metrics
    assert found["accuracy"] == metrics["test.source"] == metrics["test.ideal"]
    assert bundle.provenance.line == ("engram import net.onnx --thresholds 2 --data some.npz --seed 3")


def test_a_person_is_told_of_layers_that_differ_and_what_to_do_next(tmp_path):
    network(tmp_path / "net.onnx", signs=False, wide=True)
    code, out, said = run("import", "net.onnx", "-o", "x.engram", "--images", 30)
    assert code == 0, said
    assert "30 random images" in out
    assert "has other weights than -1 and +1" in out
    assert "engram templates x.engram -o NEW.engram --kind learned" in out
    code, out, _ = run("import", "net.onnx", "-o", "x.engram", "--images", 30, "--json")
    inexact = json.loads(out)["inexact_layers"]
    assert inexact[0]["name"] == "conv3"
    assert 0 < inexact[0]["unequal"] < inexact[0]["accumulators"]


def test_templates_are_learned_with_the_accuracy_of_the_head_beside(tmp_path):
    network(tmp_path / "net.onnx", signs=False)
    assert run("import", "net.onnx", "-o", "x.engram", "--data", "some.npz")[0] == 0
    before = load(tmp_path / "x.engram")
    code, out, said = run("templates", "x.engram", "-o", "y.engram", "--kind", "learned", "--json")
    assert code == 0, said
    after = load(tmp_path / "y.engram")
    assert json.loads(out)["original_accuracy"] == before.provenance.metrics["test.source"]
    assert after.frontend[0].weight.tobytes() == before.frontend[0].weight.tobytes()
    assert "torch" in after.provenance.steps[-1].versions
    code, out, _ = run("templates", "x.engram", "-o", "y.engram", "--kind", "mean")
    assert "the network it was imported from, with its own head" in " ".join(out.split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--input-scale", "a"], "--input-scale must be numbers such as 1/255"),
        (["--input-scale", "1/0"], "--input-scale must be numbers such as 1/255"),
        (["--input-scale", "1e999999999"], "--input-scale must be numbers such as 1/255"),
        (["--input-scale", "0"], "--input-scale must not be 0"),
        (
            ["--input-offset", "1,2"],
            "--input-offset must be one number, or one for each of 1 channels, got 2",
        ),
        (["--data", "large.npz"], "must have images of 6 x 6 pixels and 1 channels"),
        (["--data", "some.npz", "--images", "21"], "--images must be 1 to 20"),
        (["-o", "."], "cannot write"),
    ],
)
def test_wrong_options_are_one_line(options, said, tmp_path):
    network(tmp_path / "net.onnx")
    code, _, error = run("import", "net.onnx", "-o", "x.engram", *options)
    assert code == 2 and said in " ".join(error.split())
    assert not (tmp_path / "x.engram").exists()


def test_other_classes_than_the_data_set_are_refused(tmp_path):
    network(tmp_path / "net.onnx")
    arrays = dict(np.load("some.npz"))
    arrays["y_train"] = np.arange(60) % 4
    np.savez("four.npz", **arrays)
    code, _, error = run("import", "net.onnx", "-o", "x.engram", "--data", "four.npz")
    assert code == 2 and "must have the 3 classes of the network, got 4" in " ".join(error.split())


def test_a_network_of_dense_layers_takes_the_images_of_a_data_set(tmp_path):
    net = Network("qdq", (36,)).dense(RNG.integers(-3, 4, (8, 36))).then("Relu").quantise(0.2013, 2)
    net.dense(RNG.integers(-3, 4, (3, 8))).write(tmp_path / "net.onnx")
    assert run("import", "net.onnx", "-o", "x.engram", "--data", "some.npz")[0] == 0
    assert load(tmp_path / "x.engram").inputs.flattened == (6, 6)
    code, out, _ = run("evaluate", "x.engram", "--data", "some.npz", "--json")
    assert code == 0 and json.loads(out)["images"] == 20
    code, _, said = run("evaluate", "x.engram", "--data", "large.npz")
    assert code == 2 and "must have images of 6 x 6 pixels, as the bundle takes, it has 8 x 8 pixels" in said
    assert (
        run("check", "import", "net.onnx", "x.engram", "--data", "some.npz", "--images", 9, "--no-rtl")[0]
        == 0
    )
    code, _, said = run("import", "net.onnx", "-o", "x.engram", "--data", "large.npz")
    assert code == 2 and "must have images of 1 x 1 pixels and 36 channels, as net.onnx takes" in said
