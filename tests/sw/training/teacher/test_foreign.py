"""The user's own teacher: by entry point, exported program or ONNX; what it must do; one-line refusals."""

import builtins
import sys

import pytest
import torch
from torch import nn

from sw.errors import EngramError
from sw.training.teacher.foreign import content_digest, foreign_teacher, is_foreign

SIZE = (6, 5)
IMAGES = torch.randint(0, 256, (8, *SIZE), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


class Dense(nn.Module):
    """A teacher of three classes."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(30, 3))

    def forward(self, images):
        assert images.dtype == torch.float32 and images.shape[1:] == (1, *SIZE)
        assert 0 <= float(images.min()) and float(images.max()) <= 1
        return self.body(images)


def want():
    with torch.no_grad():
        return Dense().eval()(IMAGES[:, None].float() / 255)


def answers(source, images=IMAGES):
    teacher = foreign_teacher(source, 3, images[:2])
    with torch.no_grad():
        return teacher(images)


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write ``mine.py`` in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])

    def write(text):
        monkeypatch.delitem(sys.modules, "mine", raising=False)
        (tmp_path / "mine.py").write_text(f"import torch\nfrom torch import nn\n{text}\n")

    yield write
    sys.modules.pop("mine", None)


@pytest.mark.parametrize(
    ("source", "is_it"),
    [("a.pt2", True), ("x/y.onnx", True), ("a.b:c", True), ("r10", False), ("resnet50", False)],
)
def test_what_is_the_users_own(source, is_it):
    assert is_foreign(source) == is_it


def test_entry_point_is_put_into_evaluation_mode_and_sees_floats():
    assert torch.equal(answers("tests.sw.training.teacher.test_foreign:Dense"), want())
    assert content_digest("tests.sw.training.teacher.test_foreign:Dense") is None


def test_entry_point_in_the_current_folder_may_be_a_module_itself(module):
    module("teacher = nn.Sequential(nn.Flatten(), nn.Linear(30, 3))")
    before = list(sys.path)
    assert answers("mine:teacher").shape == (8, 3)
    assert sys.path == before


def test_double_precision_becomes_single(module):
    module("class Wide(nn.Module):\n    def forward(self, x): return x[:, 0, 0, :3].double()")
    assert torch.equal(answers("mine:Wide"), IMAGES[:, 0, :3].float() / 255)


NEVER = "class T(nn.Module):\n    def forward(self, x): "
REFUSED = {
    "two channels": (
        "T = lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten())",
        "teacher mine:T must take images (2, 1, 6, 5), it failed: Given groups=1, weight of size "
        "[3, 2, 3, 3], expected input[2, 1, 6, 5] to have 2 channels, but got 1 channels instead",
    ),
    "classes": (
        NEVER + "return x[:, 0, 0, :4]",
        "teacher mine:T must give logits (2, 3) for images (2, 1, 6, 5), got torch.float32 (2, 4)",
    ),
    "labels": (
        NEVER + "return x[:, 0, 0, :3].long()",
        "teacher mine:T must give logits (2, 3) for images (2, 1, 6, 5), got torch.int64 (2, 3)",
    ),
    "several": (
        NEVER + "return x, x",
        "teacher mine:T must give logits (2, 3) for images (2, 1, 6, 5), got tuple",
    ),
    "infinite": (
        NEVER + "return x[:, 0, 0, :3].log() - torch.inf",
        "teacher mine:T must give finite logits, some are not; give another teacher",
    ),
    "random": (
        NEVER + "return x[:, 0, 0, :3] + torch.rand(1)",
        "teacher mine:T must give the same logits for the same images, two calls differ; "
        "bring it into evaluation mode",
    ),
    "no module": ("T = lambda: 5", "mine:T must give a torch.nn.Module, got int"),
    "no such name": ("", "cannot take teacher mine:T: AttributeError: module 'mine' has no attribute 'T'"),
    "wants something": (
        "def T(size): ...",
        "cannot take teacher mine:T: TypeError: T() missing 1 required positional argument: 'size'",
    ),
    "broken": ("1 / 0", "cannot take teacher mine:T: ZeroDivisionError: division by zero"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_module_that_is_no_teacher_is_one_line(case, module):
    text, message = REFUSED[case]
    module(text)
    with pytest.raises(EngramError) as refusal:
        answers("mine:T")
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("mine", "an entry point must read package.module:callable, got 'mine'"),
        ("a.b:c.d", "an entry point must read package.module:callable, got 'a.b:c.d'"),
        ("os:system('x')", "an entry point must read package.module:callable, got \"os:system('x')\""),
        ("no_such:x", "cannot take teacher no_such:x: ModuleNotFoundError: No module named 'no_such'"),
        ("no.pt2", "cannot read teacher no.pt2: No such file or directory"),
        ("no.onnx", "cannot read teacher no.onnx: No such file or directory"),
    ],
)
def test_source_that_cannot_be_is_one_line(source, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EngramError) as refusal:
        answers(source)
    assert str(refusal.value) == message


@pytest.mark.parametrize("fixed", [False, True])
def test_exported_program_keeps_to_the_batch_it_was_exported_with(fixed, tmp_path):
    network = nn.Sequential(nn.Flatten(), nn.Linear(30, 3)).eval()
    sizes = None if fixed else ({0: torch.export.Dim.DYNAMIC},)
    program = torch.export.export(network, (torch.zeros(3, 1, *SIZE),), dynamic_shapes=sizes)
    path = tmp_path / "mine.pt2"
    torch.export.save(program, path)
    batches = []
    teacher = foreign_teacher(str(path), 3, IMAGES)
    original = teacher.network
    teacher.network = lambda pixels: (batches.append(len(pixels)), original(pixels))[1]
    with torch.no_grad():
        assert torch.allclose(teacher(IMAGES), network(IMAGES[:, None].float() / 255), atol=1e-6)
    assert batches == ([3, 3, 3] if fixed else [8])
    assert len(content_digest(str(path))) == 64


def test_file_that_is_no_exported_program_is_one_line(tmp_path):
    path = tmp_path / "x.pt2"
    torch.save({"a": 1}, path)
    with pytest.raises(EngramError) as refusal:
        answers(str(path))
    assert str(refusal.value) == (
        f"cannot take teacher {path}: it must be what torch.export.save of PyTorch 2.13 writes, "
        "it cannot be read"
    )


def onnx_file(path, batch, outputs=1):
    """The dense teacher as ONNX; the batch is a number or a name."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    make, layer = onnx.helper, Dense().body[2]
    weights = [
        onnx.numpy_helper.from_array(value.detach().numpy(), name)
        for name, value in (("w", layer.weight), ("b", layer.bias))
    ]
    nodes = [
        make.make_node("Flatten", ["images"], ["flat"]),
        make.make_node("Gemm", ["flat", "w", "b"], ["logits"], transB=1),
    ]
    shape = onnx.TensorProto.FLOAT
    graph = make.make_graph(
        nodes,
        "teacher",
        [make.make_tensor_value_info("images", shape, [batch, 1, *SIZE])],
        [
            make.make_tensor_value_info(name, shape, [batch, size])
            for name, size in (("logits", 3), ("flat", 30))[:outputs]
        ],
        weights,
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return str(path)


@pytest.mark.parametrize("batch", ["N", 3])
def test_onnx(batch, tmp_path):
    assert torch.allclose(answers(onnx_file(tmp_path / "mine.onnx", batch)), want(), atol=1e-6)


def test_onnx_of_two_outputs_is_refused(tmp_path):
    source = onnx_file(tmp_path / "mine.onnx", "N", outputs=2)
    with pytest.raises(EngramError, match=r"must have one input and one output, got 1 and 2$"):
        answers(source)


def test_damaged_onnx_is_one_line(tmp_path):
    pytest.importorskip("onnxruntime")
    path = tmp_path / "x.onnx"
    path.write_bytes(b"no network")
    with pytest.raises(EngramError) as refusal:
        answers(str(path))
    assert str(refusal.value).startswith(f"cannot take teacher {path}: ")
    assert "\n" not in str(refusal.value)


def test_onnx_without_its_runtime_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "x.onnx"
    path.write_bytes(b"")
    original = builtins.__import__

    def missing(name, *arguments, **options):
        if name == "onnxruntime":
            raise ImportError(name)
        return original(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(EngramError) as refusal:
        answers(str(path))
    assert str(refusal.value) == (
        "a .onnx teacher needs ONNX Runtime, which is not installed; "
        "pip install 'engram-rram[onnx]' brings it"
    )
