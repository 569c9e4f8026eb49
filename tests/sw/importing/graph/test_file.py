"""Files that are not what they say: one line each, before memory is taken for a claim."""

import os

import numpy as np
import pytest
from onnx import TensorProto, numpy_helper

from sw.errors import EngramError
from sw.importing.graph import file as files
from sw.importing.graph.file import read_model
from sw.importing.graph.graph import open_graph
from tests.helpers.networks.build import Network

FOUR_GB = 2**32


def net():
    made = Network("qdq", (1, 4, 4)).quantise(1 / 255, 8).convolve(np.ones((1, 1, 1, 1), int)).quantise(1, 2)
    return made.dense(np.ones((2, 16), int))


def beside(model, path, location, size, **told):
    """The first tensor's data moved into a file."""
    tensor = next(each for each in model.graph.initializer if each.dims)
    data = numpy_helper.to_array(tensor).tobytes()
    if size is not None:
        (path.parent / location).write_bytes(b"\0" * size + data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": size or 0, "length": len(data), **told}.items():
        tensor.external_data.add(key=key, value=str(value))
    path.write_bytes(model.SerializeToString())
    return tensor.name, data


def refusal(path):
    with pytest.raises(EngramError) as caught:
        open_graph(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_weights_beside_the_file_are_read(tmp_path):
    path = tmp_path / "net.onnx"
    name, data = beside(net().model, path, "net.onnx.data", 64)
    tensor = next(each for each in read_model(path).graph.initializer if each.name == name)
    assert tensor.raw_data == data and not tensor.external_data


@pytest.mark.parametrize("place", ["../secret", "/etc/hostname", "", "link"])
def test_data_out_of_the_folder_are_refused(place, tmp_path):
    folder = tmp_path / "nets"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(64))
    os.symlink(tmp_path / "secret", folder / "link")
    beside(net().model, folder / "net.onnx", place, None)
    assert "must lie in the file's own folder" in refusal(folder / "net.onnx")


@pytest.mark.parametrize("told", [{"length": FOUR_GB}, {"offset": 10}, {"offset": -1}, {"length": "x"}])
def test_more_data_than_the_file_beside_has_are_refused(told, tmp_path):
    beside(net().model, tmp_path / "net.onnx", "d", 0, **told)
    assert "must lie within d, which has" in refusal(tmp_path / "net.onnx")


def test_a_file_beside_that_is_not_there_is_named(tmp_path):
    beside(net().model, tmp_path / "net.onnx", "gone", None)
    assert "cannot read" in refusal(tmp_path / "net.onnx") and "gone" in refusal(tmp_path / "net.onnx")


def test_a_claim_of_four_gigabytes_is_refused(tmp_path):
    model = net().model
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend([2**15, 2**15])
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    assert "must hold what its shape [32768, 32768] says" in refusal(tmp_path / "net.onnx")


def test_a_claim_of_a_constant_node_is_refused(tmp_path):
    made = net()
    value = numpy_helper.from_array(np.ones(2, np.float32), "v")
    value.dims[0] = FOUR_GB
    made.node("Constant", value=value)
    assert "'v' must hold what its shape" in refusal(made.write(tmp_path / "net.onnx"))


def test_a_file_that_is_cut_short_is_refused(tmp_path):
    data = net().model.SerializeToString()
    (tmp_path / "net.onnx").write_bytes(data[: len(data) // 2])
    assert "must be a whole ONNX file" in refusal(tmp_path / "net.onnx")


def test_a_file_without_a_network_and_a_missing_one_are_refused(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"")
    assert "with a network in it" in refusal(tmp_path / "net.onnx")
    assert "No such file" in refusal(tmp_path / "none.onnx")


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_BYTES", 100)
    assert "must have at most" in refusal(net().write(tmp_path / "net.onnx"))


def test_a_type_that_is_not_known_is_refused(tmp_path):
    model = net().model
    model.graph.initializer[0].data_type = 99
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    assert "has no known type, 99" in refusal(tmp_path / "net.onnx")
