"""Exported programs: the same bits as PyTorch's, whatever the network; nothing of the file is executed."""

import io
import json
import zipfile

import pytest
import torch
from torch import nn

from sw.errors import EngramError
from sw.training.teacher.exported_program import ExportedNetwork

CPU = torch.device("cpu")
SIDE = (1, 6, 5)


class Convolutions(nn.Module):
    """Batch norm, a padding by name, a buffer, a constant, shared weights."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(1, 4, 3, padding="same")
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 3)
        self.again = self.head
        self.register_buffer("scale", torch.tensor([1.0, 2.0, 3.0]))

    def forward(self, images):
        values = torch.relu(self.norm(self.convolution(images)))
        pooled = nn.functional.max_pool2d(values, 2).mean((2, 3))
        return self.head(pooled) * self.scale + self.again(pooled) + torch.tensor([1.0, 2.0, 3.0])


class Attention(nn.Module):
    """Sizes that follow the batch, several outputs of a node, keyword arguments, assertions."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.TransformerEncoderLayer(10, 2, batch_first=True)
        self.head = nn.Linear(30, 3)

    def forward(self, images):
        left, right = images.flatten(1).split([12, 18], 1)
        rows = torch.cat([right, left], 1).view(images.shape[0], 3, 10)
        values = self.encoder(rows).reshape(images.shape[0] * 1, 30)
        most, _ = values.clamp(max=float("inf")).max(1, keepdim=True)
        return self.head(values - most).to(torch.float32) + torch.zeros(3, device=images.device)


NETWORKS = {
    "convolutions": Convolutions,
    "attention": Attention,
    "dense": lambda: nn.Sequential(nn.Flatten(), nn.Linear(30, 3)),
}


def exported(network, *, fixed=False):
    """Content of a file."""
    sizes = None if fixed else ({0: torch.export.Dim.DYNAMIC},)
    program = torch.export.export(network, (torch.rand(4, *SIDE),), dynamic_shapes=sizes)
    file = io.BytesIO()
    torch.export.save(program, file)
    return file.getvalue()


@pytest.fixture(scope="module")
def dense():
    torch.manual_seed(0)
    return exported(NETWORKS["dense"]().eval())


@pytest.mark.parametrize("name", NETWORKS)
def test_same_bits_as_pytorch_loads_it(name):
    torch.manual_seed(0)
    raw = exported(NETWORKS[name]().eval())
    network = ExportedNetwork(raw, CPU)
    assert network.input_shape == (None, *SIDE)
    images = torch.rand(7, *SIDE)
    with torch.no_grad():
        assert torch.equal(network(images), torch.export.load(io.BytesIO(raw)).module()(images))


def test_batch_size_that_the_file_has_fixed_is_known():
    network = ExportedNetwork(exported(NETWORKS["dense"]().eval(), fixed=True), CPU)
    assert network.input_shape == (4, *SIDE)


def changed(raw, path, change):
    """The file with one member changed."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith(path):
                values = json.loads(content)
                change(values)
                content = json.dumps(values).encode()
            new.writestr(name, content)
    return result.getvalue()


def call(target):
    def change(program):
        program["graph_module"]["graph"]["nodes"][0]["target"] = target

    return change


@pytest.mark.parametrize(
    "target",
    [
        "torch.ops.aten.from_file.default",
        "torch.ops.aten.save.default",
        "torch.ops.aten.flatten.__class__",
        "torch.ops.aten.__class__.mro",
        "torch.ops.load_library",
        "torch.hub.load",
        "_operator.attrgetter",
        "math.sqrt",
        "#extension:x",
        "torch.ops.aten.flatten.using_ints\n",
    ],
)
def test_only_aten_operators_that_open_no_file_are_called(dense, target):
    with pytest.raises(EngramError) as refusal:
        ExportedNetwork(changed(dense, "models/model.json", call(target)), CPU)
    assert str(refusal.value) == (
        f"its nodes must be ATen operators, got {target!r}; export it as ONNX instead"
    )


def test_pickled_weights_are_refused(dense):
    def pickled(config):
        config["config"]["1.weight"]["use_pickle"] = True

    with pytest.raises(EngramError, match=r"^its tensors must be plain bytes, '1.weight' is pickled; export"):
        ExportedNetwork(changed(dense, "weights/model_weights_config.json", pickled), CPU)


def test_pickles_and_code_that_nobody_needs_are_not_looked_at(dense):
    """Example inputs are a pickle, guards are Python: anything may stand there."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(dense)) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"cos\n_exit\n(I3\ntR." if "sample_inputs" in name else old.read(name))

    def guards(program):
        program["guards_code"] = ["__import__('os')._exit(3)"]

    network = ExportedNetwork(changed(result.getvalue(), "models/model.json", guards), CPU)
    images = torch.rand(2, *SIDE)
    assert torch.equal(network(images), ExportedNetwork(dense, CPU)(images))


def other_schema(program):
    program["schema_version"]["major"] = 7


def test_file_of_another_version_is_refused(dense):
    with pytest.raises(EngramError) as refusal:
        ExportedNetwork(changed(dense, "models/model.json", other_schema), CPU)
    assert str(refusal.value) == ("its schema version must be 8, got 7; export it with PyTorch 2.13")


def no_input(program):
    program["graph_module"]["signature"]["input_specs"].pop()


def unknown_weight(program):
    program["graph_module"]["signature"]["input_specs"][0]["parameter"]["parameter_name"] = "x"


@pytest.mark.parametrize("change", [no_input, unknown_weight])
def test_graph_that_does_not_fit_is_one_line(dense, change):
    with pytest.raises(EngramError, match=r"^it must be what torch.export.save of PyTorch 2.13 writes"):
        ExportedNetwork(changed(dense, "models/model.json", change), CPU)


@pytest.mark.parametrize("cut", [0, 50, -30, -1])
def test_damaged_file_is_one_line(dense, cut):
    with pytest.raises(EngramError, match=r"^it must be what torch.export.save of PyTorch 2.13 writes"):
        ExportedNetwork(dense[:cut], CPU)


def test_contents_that_do_not_unpack_are_one_line(dense):
    """Compressed members of which a few bytes are wrong."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(dense)) as old:
        with zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                new.writestr(name, old.read(name))
            (model,) = (entry for entry in new.infolist() if entry.filename.endswith("models/model.json"))
    raw = bytearray(result.getvalue())
    start = model.header_offset + 30 + len(model.filename)
    raw[start : start + 40] = b"\xff" * 40
    with pytest.raises(EngramError, match=r"^it must be what torch.export.save of PyTorch 2.13 writes"):
        ExportedNetwork(bytes(raw), CPU)
