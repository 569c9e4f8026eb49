"""Reading an ONNX file, with its weights inside or beside it, without trusting what it says of itself.

The file is data: nothing in it is executed. What a tensor claims is held against the bytes that are there
before memory is taken for it, and data beside the file must lie in its folder.
"""

import os
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from sw.errors import EngramError

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto

__all__ = ["read_model"]

MAX_BYTES = 2**30
"""Largest file, and most data beside it. A student that fits an FPGA has some hundred kilobytes; a protobuf
message must stay below 2 GiB."""


def read_model(path: Path) -> "ModelProto":
    """An ONNX model with all of its tensors inside.

    Parameters
    ----------
    path
        The file; data beside it are found by the names that it gives, in its own folder.

    Raises
    ------
    EngramError
        If a file cannot be read, is no ONNX, claims more than it holds, or points out of the folder.
    """
    from google.protobuf.message import DecodeError
    from onnx import ModelProto

    raw = _content(path, path)
    try:
        model = ModelProto.FromString(raw)
    except DecodeError:
        raise EngramError(
            f"{path} must be a whole ONNX file, it cannot be parsed; export or copy it again"
        ) from None
    if not model.graph.node or not model.graph.output:
        raise EngramError(f"{path} must be an ONNX file with a network in it, it has none; export it again")
    beside: dict[Path, bytes] = {}
    for tensor in _tensors(model):
        if tensor.data_location == tensor.EXTERNAL:
            _take_in(tensor, path, beside)
        _check_claim(tensor, path)
    return model


def _tensors(model: "ModelProto") -> list["TensorProto"]:
    constants = [
        attribute.t for node in model.graph.node for attribute in node.attribute if attribute.HasField("t")
    ]
    return [*model.graph.initializer, *constants]


def _content(path: Path, asked: Path) -> bytes:
    """Bytes of a file; for messages `asked` is the file that a person named."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise EngramError(
                f"{asked} must have at most {MAX_BYTES >> 20} MiB, {path.name} has {size >> 20}; "
                "export the student alone"
            )
        return path.read_bytes()
    except OSError as error:
        raise EngramError(f"cannot read {path}: {error.strerror or error}") from None


def _take_in(tensor: "TensorProto", path: Path, beside: dict[Path, bytes]) -> None:
    """Put the data that lie beside the file into the tensor."""
    told = {entry.key: entry.value for entry in tensor.external_data}
    folder = path.resolve().parent
    place = told.get("location", "")
    # Links are followed first, so one that leads out of the folder is seen.
    found = (folder / place).resolve()
    if not place or os.path.isabs(place) or not found.is_relative_to(folder):
        raise EngramError(
            f"{path}: the data of tensor {tensor.name!r} must lie in the file's own folder, it names "
            f"{place!r}; export with the data beside the file"
        )
    if found not in beside:
        beside[found] = _content(found, path)
    data = beside[found]
    try:
        start = int(told.get("offset", 0))
        length = int(told.get("length", len(data) - start))
    except ValueError:
        start = length = -1
    if start < 0 or length < 0 or start + length > len(data):
        raise EngramError(
            f"{path}: the data of tensor {tensor.name!r} must lie within {found.name}, which has {len(data)} "
            f"bytes, it claims {told.get('length', '?')} from {told.get('offset', 0)} on; copy both again"
        )
    tensor.raw_data = data[start : start + length]
    tensor.data_location = tensor.DEFAULT
    del tensor.external_data[:]


def _check_claim(tensor: "TensorProto", path: Path) -> None:
    """Refuse a tensor whose shape is not that of its data."""
    from onnx import helper

    claimed = prod(tensor.dims)
    try:
        dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
        field = helper.tensor_dtype_to_field(tensor.data_type)
    except (KeyError, TypeError):
        raise EngramError(
            f"{path}: tensor {tensor.name!r} has no known type, {tensor.data_type}; export the file again"
        ) from None
    if tensor.HasField("raw_data"):
        # Types of less than a byte lie two or four in one.
        bits = 4 if "int4" in dtype.name else 2 if "int2" in dtype.name else 8 * dtype.itemsize
        fits = len(tensor.raw_data) == (claimed * bits + 7) // 8
        held = f"{len(tensor.raw_data)} bytes"
    else:
        values = len(getattr(tensor, field))
        fits = values == claimed or ("int4" in dtype.name and values == (claimed + 1) // 2)
        held = f"{values} values"
    if min(tensor.dims, default=0) < 0 or not fits:
        raise EngramError(
            f"{path}: tensor {tensor.name!r} must hold what its shape {list(tensor.dims)} says, {claimed} "
            f"values, it holds {held}; export the file again"
        )
