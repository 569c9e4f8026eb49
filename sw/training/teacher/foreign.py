"""The user's own teacher: an exported program (*.pt2), an ONNX file, or a module by entry point.

It takes float32 images (N, C, H, W) with pixels 0..1 and gives logits (N, K) as floats; it must be in
evaluation mode, so that the same images give the same logits. A batch size that a file has fixed is kept to.
"""

import hashlib
import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from sw.errors import EngramError
from sw.training.loop.trainable import Classifier, channels_first
from sw.training.teacher.exported_program import ExportedNetwork

__all__ = ["ForeignTeacher", "content_digest", "foreign_teacher", "is_foreign"]

ENTRY_POINT = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)")
SUFFIXES = (".pt2", ".onnx")


def is_foreign(source: str) -> bool:
    """Whether a teacher is the user's own: a file ending in .pt2 or .onnx, or package.module:callable."""
    return source.endswith(SUFFIXES) or ":" in source


def content_digest(source: str) -> str | None:
    """SHA-256 of a file; None for an entry point, which is code that may do anything.

    Raises
    ------
    EngramError
        If it cannot be read.
    """
    if not source.endswith(SUFFIXES):
        return None
    return hashlib.sha256(_content(source)).hexdigest()


class ForeignTeacher(Classifier):
    """A network that is not ours, held to what a teacher must give.

    Parameters
    ----------
    source
        Where it came from, for messages.
    network
        Called with images; gives logits.
    classes
        K.
    batch
        Images per call; None leaves it free.
    """

    def __init__(
        self, source: str, network: Callable[[Tensor], Tensor], classes: int, batch: int | None = None
    ):
        super().__init__()
        self.source, self.network, self.classes, self.batch = source, network, classes, batch

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, K), float32, of images (N, H, W) or (N, H, W, C) with pixels 0..255.

        Raises
        ------
        EngramError
            If the network fails, or gives something else than N finite logits of K classes.
        """
        pixels = channels_first(images).float() / 255
        if self.batch is None:
            return self._called(pixels)
        whole = torch.cat([pixels, pixels[-1:].expand(-len(pixels) % self.batch, -1, -1, -1)])
        return torch.cat([self._called(part) for part in whole.split(self.batch)])[: len(images)]

    def check(self, images: Tensor) -> None:
        """Try a first batch, twice; raises EngramError as :meth:`forward`, or if the answers differ."""
        with torch.no_grad():
            if not torch.equal(self(images), self(images)):
                raise EngramError(
                    f"teacher {self.source} must give the same logits for the same images, two calls differ; "
                    "bring it into evaluation mode"
                )

    def _called(self, pixels: Tensor) -> Tensor:
        shape = tuple(pixels.shape)
        try:
            logits = self.network(pixels)
        except Exception as error:
            raise EngramError(
                f"teacher {self.source} must take images {shape}, it failed: {_line(error)}"
            ) from None
        want = (len(pixels), self.classes)
        if not isinstance(logits, Tensor) or tuple(logits.shape) != want or not logits.is_floating_point():
            got = (
                f"{logits.dtype} {tuple(logits.shape)}"
                if isinstance(logits, Tensor)
                else type(logits).__name__
            )
            raise EngramError(f"teacher {self.source} must give logits {want} for images {shape}, got {got}")
        if not logits.isfinite().all():
            raise EngramError(
                f"teacher {self.source} must give finite logits, some are not; give another teacher"
            )
        return logits.to(pixels.device, torch.float32)


def foreign_teacher(source: str, classes: int, images: Tensor) -> ForeignTeacher:
    """Load the user's teacher and try it.

    Parameters
    ----------
    source
        Path ending in ``.pt2`` or ``.onnx``, or ``package.module:callable``; the callable gives a module.
    classes
        K.
    images
        uint8, (N, H, W) or (N, H, W, C), of its data: a first batch, on the device where it will compute.

    Raises
    ------
    EngramError
        If it cannot be loaded or does not do what a teacher must.
    """
    network: Callable[[Tensor], Tensor]
    batch: int | None = None
    if source.endswith(".pt2"):
        raw = _content(source)
        try:
            program = ExportedNetwork(raw, images.device)
        except EngramError as error:
            raise EngramError(f"cannot take teacher {source}: {error}") from None
        network, batch = program, program.input_shape[0]
    elif source.endswith(".onnx"):
        network, batch = _onnx(source)
    else:
        network = _entry_point(source).to(images.device).eval()
    teacher = ForeignTeacher(source, network, classes, batch).eval()
    teacher.check(images)
    return teacher


def _entry_point(source: str) -> nn.Module:
    """The module that the user's own code gives; the current folder is searched too."""
    found = ENTRY_POINT.fullmatch(source)
    if not found:
        raise EngramError(f"an entry point must read package.module:callable, got {source!r}")
    sys.path.insert(0, "")
    try:
        given = getattr(importlib.import_module(found[1]), found[2])
        made = given if isinstance(given, nn.Module) else given()
    except Exception as error:
        raise EngramError(f"cannot take teacher {source}: {type(error).__name__}: {_line(error)}") from None
    finally:
        sys.path.remove("")
    if not isinstance(made, nn.Module):
        raise EngramError(f"{source} must give a torch.nn.Module, got {type(made).__name__}")
    return made


def _onnx(source: str) -> tuple[Callable[[Tensor], Tensor], int | None]:
    """An ONNX file on the CPU, and the batch size it insists on; its weights must be inside the file."""
    raw = _content(source)
    try:
        import onnxruntime
    except ImportError:
        raise EngramError(
            "a .onnx teacher needs ONNX Runtime, which is not installed; "
            "pip install 'engram-rram[onnx]' brings it"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # its errors come as exceptions
    try:
        session = onnxruntime.InferenceSession(raw, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise EngramError(f"cannot take teacher {source}: {_line(error)}") from None
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if (len(inputs), len(outputs)) != (1, 1):
        raise EngramError(
            f"teacher {source} must have one input and one output, got {len(inputs)} and {len(outputs)}"
        )
    first = inputs[0].shape[0] if inputs[0].shape else None

    def network(pixels: Tensor) -> Tensor:
        return torch.from_numpy(session.run(None, {inputs[0].name: pixels.cpu().numpy()})[0])

    return network, first if isinstance(first, int) else None


def _content(source: str) -> bytes:
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise EngramError(f"cannot read teacher {source}: {error.strerror or error}") from None


def _line(error: Exception) -> str:
    """The first line of what an error says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
