"""Exported programs, *.pt2, computed node by node from graph and raw weights; no code of theirs is executed.

``torch.export.load`` of PyTorch 2.13 unpickles weights, constants and example inputs where the file asks for
it, evaluates its symbolic sizes as Python, compiles its guards, and loads native libraries it brings. None of
that is needed to compute a network: here the archive is read as a ZIP file, its graph as JSON, its weights as
bytes, and a node may call an ATen operator or integer arithmetic and nothing else.
"""

import io
import json
import operator
import re
import zipfile
import zlib
from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverloadPacket

from sw.errors import EngramError

__all__ = ["ExportedNetwork"]

SCHEMA_MAJOR = 8
"""``torch._export.serde.schema.SCHEMA_VERSION`` of PyTorch 2.13."""
DTYPES = dict(
    zip(
        (1, 2, 3, 4, 5, 6, 7, 8, 12, 13),
        (
            torch.uint8,
            torch.int8,
            torch.int16,
            torch.int32,
            torch.int64,
            torch.float16,
            torch.float32,
            torch.float64,
            torch.bool,
            torch.bfloat16,
        ),
        strict=True,
    )
)
"""``ScalarType`` of the schema."""
MEMORY_FORMATS = {
    1: torch.contiguous_format,
    2: torch.channels_last,
    3: torch.channels_last_3d,
    4: torch.preserve_format,
}
"""``MemoryFormat`` of the schema."""
ATEN = re.compile(r"torch\.ops\.aten\.([A-Za-z_]\w*)\.([A-Za-z_]\w*)")
ARITHMETIC = {
    f"_operator.{name}": getattr(operator, name) for name in ("add", "sub", "mul", "floordiv", "mod", "neg")
}
PLAIN = {"as_int", "as_ints", "as_bool", "as_bools", "as_string"}


class ExportedNetwork:
    """A network as ``torch.export.save`` writes it: one input, one output, PyTorch 2.8 to 2.13.

    Parameters
    ----------
    raw
        Content of the file.
    device
        Where weights go.

    Attributes
    ----------
    input_shape
        Of the input; None where a size is free.

    Raises
    ------
    EngramError
        If it is not such a file, or holds pickles or other operators than ATen's.
    """

    def __init__(self, raw: bytes, device: torch.device):
        self.device = device
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                self._read(archive)
        except (
            zipfile.BadZipFile,
            ValueError,
            KeyError,
            TypeError,
            IndexError,
            AttributeError,
            RuntimeError,
            OverflowError,
            EOFError,
            zlib.error,
        ):
            raise EngramError(
                "it must be what torch.export.save of PyTorch 2.13 writes, it cannot be read"
            ) from None

    def _read(self, archive: zipfile.ZipFile) -> None:
        (model,) = (name for name in archive.namelist() if re.fullmatch(r"[^/]+/models/model\.json", name))
        root = model.removesuffix("models/model.json")
        program = json.loads(archive.read(model))
        if program["schema_version"]["major"] != SCHEMA_MAJOR:
            raise EngramError(
                f"its schema version must be {SCHEMA_MAJOR}, got {program['schema_version']['major']}; "
                "export it with PyTorch 2.13"
            )
        module = program["graph_module"]
        self._nodes = [(_operator(node["target"]), node) for node in module["graph"]["nodes"]]
        self._kept: dict[str, Tensor] = {}
        inputs = []
        tensors = {
            kind: _payload(archive, f"{root}data/{kind}/", f"model_{kind}_config.json", self.device)
            for kind in ("weights", "constants")
        }
        for given in module["signature"]["input_specs"]:
            ((kind, what),) = given.items()
            if kind == "user_input":
                inputs.append(what["arg"]["as_tensor"]["name"])
            elif kind in ("parameter", "buffer"):
                key, held = f"{kind}_name", tensors["weights"]
                name = what[key]
                self._kept[what["arg"]["name"]] = held[name] if name in held else tensors["constants"][name]
            elif kind == "tensor_constant":
                self._kept[what["arg"]["name"]] = tensors["constants"][what["tensor_constant_name"]]
            else:
                raise ValueError(kind)
        (self._input,) = inputs
        outputs = [
            given["user_output"] for given in module["signature"]["output_specs"] if "user_output" in given
        ]
        (self._output,) = (output["arg"]["as_tensor"]["name"] for output in outputs)
        sizes = module["graph"]["tensor_values"][self._input]["sizes"]
        self.input_shape = tuple(size.get("as_int") for size in sizes)

    def __call__(self, images: Tensor) -> Tensor:
        """The output for an input."""
        values: dict[str, Any] = {**self._kept, self._input: images}
        for function, node in self._nodes:
            arguments, named = [], {}
            for given in node["inputs"]:
                value = _argument(given["arg"], values, self.device)
                # kind 1 is positional, 2 by keyword
                if given["kind"] == 1:
                    arguments.append(value)
                else:
                    named[given["name"]] = value
            _keep(node["outputs"], function(*arguments, **named), values)
        return values[self._output]


def _operator(target: str) -> Callable[..., Any]:
    """Function that a node calls: an ATen operator that opens no file, or integer arithmetic."""
    if target in ARITHMETIC:
        return ARITHMETIC[target]
    found = ATEN.fullmatch(target)
    packet = getattr(torch.ops.aten, found[1], None) if found else None
    if found and isinstance(packet, OpOverloadPacket) and found[2] in packet.overloads():
        function = getattr(packet, found[2])
        # aten::save and aten::from_file
        if not any(argument.name == "filename" for argument in function._schema.arguments):
            return function
    raise EngramError(f"its nodes must be ATen operators, got {target[:80]!r}; export it as ONNX instead")


def _payload(archive: zipfile.ZipFile, folder: str, config: str, device: torch.device) -> dict[str, Tensor]:
    """Tensors by name, from raw bytes."""
    listed = json.loads(archive.read(folder + config))["config"]
    result = {}
    for name, entry in listed.items():
        if entry["use_pickle"] or not re.fullmatch(r"(weight|tensor)_\d+", entry["path_name"]):
            raise EngramError(
                f"its tensors must be plain bytes, {name!r} is pickled; export it as ONNX instead"
            )
        meta = entry["tensor_meta"]
        sizes, strides = ([one["as_int"] for one in meta[key]] for key in ("sizes", "strides"))
        if prod(sizes):
            storage = torch.frombuffer(
                bytearray(archive.read(folder + entry["path_name"])), dtype=DTYPES[meta["dtype"]]
            )
            value = storage.as_strided(sizes, strides, meta["storage_offset"]["as_int"])
        else:
            value = torch.empty(sizes, dtype=DTYPES[meta["dtype"]])
        result[name] = value.clone().to(device)
    return result


def _argument(given: dict[str, Any], values: dict[str, Any], device: torch.device) -> Any:
    """An argument of a node, its tensors and sizes taken from `values`."""
    ((kind, value),) = given.items()
    if kind in PLAIN:
        return value
    if kind == "as_float":
        return float(value)  # "Infinity" is a string there
    if kind == "as_floats":
        return [float(one) for one in value]
    if kind == "as_none":
        return None
    if kind == "as_tensor":
        return values[value["name"]]
    if kind == "as_name":
        return values[value]
    if kind == "as_tensors":
        return [values[one["name"]] for one in value]
    if kind in ("as_optional_tensor", "as_sym_int", "as_sym_float", "as_sym_bool"):
        return _argument(value, values, device)
    if kind in ("as_optional_tensors", "as_sym_ints"):
        return [_argument(one, values, device) for one in value]
    if kind == "as_scalar_type":
        return DTYPES[value]
    if kind == "as_memory_format":
        return MEMORY_FORMATS[value]
    if kind == "as_layout":
        return torch.strided
    if kind == "as_device":
        return device
    raise EngramError(
        f"an argument must be a tensor or a plain value, got {kind!r}; export it as ONNX instead"
    )


def _keep(outputs: list[dict[str, Any]], result: Any, values: dict[str, Any]) -> None:
    """Name what a node gave."""
    if not outputs:  # an assertion
        return
    if len(outputs) == 1 and "as_tensors" in outputs[0]:
        outputs = [{"as_tensor": one} for one in outputs[0]["as_tensors"]]
    elif len(outputs) == 1:
        result = (result,)
    for output, value in zip(outputs, result, strict=True):
        ((kind, where),) = output.items()
        if kind in ("as_sym_int", "as_sym_float", "as_sym_bool"):
            values[where["as_name"]] = value
        elif kind == "as_tensor":
            values[where["name"]] = value
        else:
            raise ValueError(kind)
