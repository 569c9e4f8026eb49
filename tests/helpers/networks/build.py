"""A quantised network as an ONNX file, node by node, in the dialect QONNX or QDQ."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

from sw.design import Layer
from sw.design.kinds import KINDS

__all__ = ["Form", "Network", "random_network"]

Form = Literal["qonnx", "qdq"]
QONNX = "qonnx.custom_op.general"


class Network:
    """Writes nodes one behind the other; `tensor` is the last one's output.

    Parameters
    ----------
    form
        Dialect.
    shape
        Channels, height and width of an image.
    batch
        Images of the example; None leaves their number open.
    """

    def __init__(self, form: Form, shape: tuple[int | None, ...], batch: int | None = 1):
        self.form, self.shape = form, shape
        self.nodes: list[Any] = []
        self.initial: list[TensorProto] = []
        self.image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, *shape])
        self.tensor = "image"
        self.outputs: list[int | None] = []

    def constant(self, values: ArrayLike, dtype: type = np.float32) -> str:
        name = f"constant{len(self.initial)}"
        self.initial.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def node(
        self, op: str, *inputs: str, name: str | None = None, domain: str = "", **attributes: Any
    ) -> str:
        """A node on tensors; its output's name."""
        output = f"t{len(self.nodes)}"
        name = f"{op.lower()}{len(self.nodes)}" if name is None else name
        self.nodes.append(helper.make_node(op, list(inputs), [output], name, domain=domain, **attributes))
        return output

    def then(self, op: str, *constants: str, **attributes: Any) -> "Network":
        """A node on the last tensor."""
        self.tensor = self.node(op, self.tensor, *constants, **attributes)
        return self

    def quantise(
        self, scale: ArrayLike, bits: int, *, signed: bool = False, narrow: bool = False, zero: int = 0
    ) -> "Network":
        """An activation's quantiser; `scale` is one number, or one per channel."""
        scales = np.asarray(scale, np.float32)
        if self.form == "qonnx":
            per_channel = scales.reshape(-1, 1, 1) if scales.ndim else scales
            told = map(self.constant, (per_channel, zero, bits))
            return self.then("Quant", *told, domain=QONNX, signed=int(signed), narrow=int(narrow))
        dtype = np.int8 if signed else np.uint8
        grid = self.constant(scales), self.constant(np.full(scales.shape, zero), dtype)
        axis = {"axis": 1} if scales.ndim else {}
        self.then("QuantizeLinear", *grid, **axis)
        if bits < 8 or narrow:
            low = -(2 ** (bits - 1)) + narrow if signed else 0
            high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1 - narrow
            self.then("Clip", self.constant(low, dtype), self.constant(high, dtype))
        return self.then("DequantizeLinear", *grid, **axis)

    def weights(self, integers: NDArray, scale: ArrayLike, bits: int = 8) -> str:
        """Integers of a layer, with one scale or one for each output channel."""
        scales = np.asarray(scale, np.float32)
        spread = scales.reshape(-1, *(1,) * (integers.ndim - 1)) if scales.ndim else scales
        floats = self.constant(integers * spread)
        if self.form == "qonnx" and bits == 1:
            return self.node("BipolarQuant", floats, self.constant(spread), domain=QONNX)
        if self.form == "qonnx":
            told = map(self.constant, (spread, 0, bits))
            return self.node("Quant", floats, *told, domain=QONNX, signed=1, narrow=1)
        grid = self.constant(scales), self.constant(np.zeros(scales.shape), np.int8)
        axis = {"axis": 0} if scales.ndim else {}
        stored = self.constant(integers, np.int8)
        return self.node("DequantizeLinear", stored, *grid, **axis)

    def convolve(
        self,
        integers: NDArray,
        scale: ArrayLike = 0.125,
        *,
        bits: int = 8,
        bias: ArrayLike | None = None,
        **attributes: Any,
    ) -> "Network":
        """A convolution; without `pads` it keeps the size at stride 1."""
        rows, columns = integers.shape[2:]
        attributes = {"pads": [rows // 2, columns // 2] * 2, "kernel_shape": [rows, columns], **attributes}
        inputs = [self.weights(integers, scale, bits)]
        if bias is not None:
            inputs.append(self.constant(bias))
        return self.then("Conv", *inputs, **attributes)

    def normalise(
        self, gain: ArrayLike, offset: ArrayLike, mean: ArrayLike, variance: ArrayLike
    ) -> "Network":
        return self.then("BatchNormalization", *map(self.constant, (gain, offset, mean, variance)))

    def dense(self, integers: NDArray, scale: ArrayLike = 0.25, bias: ArrayLike | None = None) -> "Network":
        """The head: all values of a map to classes."""
        self.then("Flatten")
        inputs = [self.weights(integers, scale, 1 if np.all(np.abs(integers) == 1) else 8)]
        if bias is not None:
            inputs.append(self.constant(bias))
        self.outputs = [len(integers)]
        return self.then("Gemm", *inputs, transB=1)

    @property
    def model(self) -> ModelProto:
        output = helper.make_tensor_value_info(self.tensor, TensorProto.FLOAT, [1, *self.outputs])
        graph = helper.make_graph(self.nodes, "network", [self.image], [output], self.initial)
        sets = [helper.make_opsetid("", 18), helper.make_opsetid(QONNX, 2)]
        return helper.make_model(graph, opset_imports=sets[: 2 if self.form == "qonnx" else 1], ir_version=9)

    def write(self, path: Path) -> Path:
        path.write_bytes(self.model.SerializeToString())
        return path


def random_network(seed: int, form: Form, *, wide: bool = False, residual: bool = False) -> Network:
    """A network of random layers of every kind there is; the same for both forms.

    Parameters
    ----------
    seed, form
        Which, and how it is written.
    wide
        Whether activations have 5 to 8 bits, which hardware multiplies and shifts; else 1 to 4.
    residual
        Whether a residual block follows each layer but the last.
    """
    rng = np.random.default_rng(seed)
    shape = int(rng.integers(1, 5)), int(rng.integers(8, 12)), int(rng.integers(8, 12))
    net = Network(form, shape).quantise(1 / 255, 8)
    if rng.random() < 0.5:
        shape = _random_pool(rng, net, shape)
    # Common kernels half of the time, else any.
    kinds = [name for name, kind in KINDS.items() if kind.has_weights and not kind.adds]
    common = ["conv3x3", "depthwise3x3", "pointwise1x1"]
    top, last = 1.0, 2
    for number in range(last + 1):
        kind = str(rng.choice(kinds if rng.random() < 0.5 else common))
        if kind.startswith("depthwise") and shape[0] == 1:
            kind = "conv3x3"
        stride = int(rng.choice([1, 2, 3])) if min(shape[1:]) > 4 else 1
        fits = all(side > kernel for side, kernel in zip(shape[1:], KINDS[kind].kernel, strict=True))
        values = {
            "kind": kind,
            "stride": stride,
            "padding": str(rng.choice(["same", "valid"] if fits else ["same"])),
        }
        groups = int(rng.choice([each for each in (1, 2, 4) if shape[0] % each == 0]))
        if KINDS[kind].depthwise:
            groups = shape[0]
        else:
            values |= {"out_channels": groups * int(rng.integers(1, 4)) + (groups == 1), "groups": groups}
        layer = Layer.model_validate(values)
        size = layer.weight_shape(shape[0])
        bits = int(rng.choice([1, 2, 4, 8]))
        limit = max(1, 2 ** (bits - 1) - 1)
        integers = rng.integers(-limit, limit + 1, size)
        if bits == 1:
            integers = np.where(integers < 0, -1, 1)
        scale = rng.uniform(0.01, 0.1, size[0]) if rng.random() < 0.5 else rng.uniform(0.01, 0.1)
        bias = rng.normal(size=size[0]) if rng.random() < 0.5 else None
        pads = [side for end in zip(*layer.pads, strict=True) for side in end]
        net.convolve(integers, scale, bits=bits, bias=bias, strides=[stride] * 2, group=groups, pads=pads)
        spread = limit * 0.05 * top * float(np.prod(size[1:])) ** 0.5
        shape = layer.output_shape(shape)
        if rng.random() < 0.7:
            gain = rng.choice([-1, 1], shape[0]) * rng.uniform(0.5, 2, shape[0])
            net.normalise(
                gain, rng.normal(size=shape[0]), rng.normal(0, spread, shape[0]), np.full(shape[0], spread**2)
            )
            spread = 1.0
        early = rng.random() < 0.5 and min(shape[1:]) > 3
        if early:
            shape = _random_pool(rng, net, shape, padded=number < last)
        signed = number == last and rng.random() < 0.5
        bits = int(rng.integers(5, 9) if wide and number < last else rng.integers(1 + signed, 5))
        if not signed:
            net.then("Relu")
        step = float(2 * spread / 2**bits)
        net.quantise(step, bits, signed=signed)
        if residual and number < last:
            step = _random_block(rng, net, shape[0], step, bits)
        top = step * 2**bits
    return net.dense(rng.integers(-3, 4, (4, int(np.prod(shape)))))


def _random_block(rng: np.random.Generator, net: Network, channels: int, step: float, bits: int) -> float:
    """The last map, of unsigned levels, beside one or two convolutions; the step of their sum's levels."""
    skipped = net.tensor
    for _ in range(int(rng.integers(1, 3))):
        side = int(rng.choice([1, 3]))
        integers = rng.integers(-3, 4, (channels, channels, side, side))
        net.convolve(integers, float(rng.uniform(0.1, 0.4)) / side, bits=3).then("Relu").quantise(step, bits)
    way = net.tensor
    if rng.random() < 0.5:
        net.tensor, way = skipped, way
        net.then("Add", way)
    else:
        net.then("Add", skipped)
    wider = float(step * rng.choice([1, 1.7]))
    net.then("Relu").quantise(wider, bits)
    return wider


def _random_pool(
    rng: np.random.Generator, net: Network, shape: tuple[int, int, int], *, padded: bool = True
) -> tuple[int, int, int]:
    """The usual max-pool half of the time, else one of any kernel that fits; the shape behind it."""
    kind, stride, padding = "maxpool2x2", 2, "valid"
    if rng.random() < 0.5:
        pools = [
            name
            for name, pool in KINDS.items()
            if not pool.has_weights and max(pool.kernel) <= min(shape[1:])
        ]
        kind, stride = str(rng.choice(pools)), int(rng.integers(1, 3))
        padding = str(rng.choice(["same", "valid"] if padded else ["valid"]))
    layer = Layer.model_validate({"kind": kind, "stride": stride, "padding": padding})
    pads = [side for end in zip(*layer.pads, strict=True) for side in end]
    net.then("MaxPool", kernel_shape=list(layer.kernel), strides=[stride] * 2, pads=pads)
    return layer.output_shape(shape)
