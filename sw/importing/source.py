"""The network as it came, run by others: ONNX Runtime, or for QONNX nodes the executor of qonnx."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sw.design.images import channels_first
from sw.errors import EngramError
from sw.importing.graph.graph import Graph
from sw.importing.graph.layout import Layout
from sw.importing.student import InputRule

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["Source"]

STANDARD = ("", "ai.onnx")
"""Domain of the operators that ONNX Runtime has."""


class Source:
    """Gives tensors of a network for images.

    Parameters
    ----------
    graph
        The network.
    rule
        What it takes for a pixel.
    layout
        How its input lies, and the image that hardware takes.
    """

    def __init__(self, graph: Graph, rule: InputRule, layout: Layout) -> None:
        self._graph, self._rule, self._layout = graph, rule, layout
        self._standard = all(node.domain in STANDARD for node in graph.model.graph.node)

    @property
    def classes(self) -> str:
        """Name of the network's output."""
        return self._graph.model.graph.output[0].name

    def run(self, images: NDArray[np.uint8], tensors: Sequence[str]) -> dict[str, NDArray]:
        """Tensors for images.

        Parameters
        ----------
        images
            uint8, (N, H, W) or (N, H, W, C).
        tensors
            Names of tensors of the graph.

        Returns
        -------
        dict
            Arrays with N in front, by the names.

        Raises
        ------
        EngramError
            If the network cannot be run.
        """
        model = self._part(len(images), tensors)
        pixels = self._taken(images, model)
        try:
            found = (
                self._onnxruntime(model, pixels, tensors) if self._standard else self._qonnx(model, pixels)
            )
        except ImportError:
            raise
        except Exception as error:  # of either program, which have no class for what they refuse
            text = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise EngramError(
                f"{self._graph.path} must run on {len(images)} images, it failed: {text}"
            ) from None
        for name in tensors:
            if len(found[name]) != len(images):
                raise EngramError(
                    f"{self._graph.path}: tensor {name!r} must have one entry for each of {len(images)} "
                    f"images, got shape {found[name].shape}; export with one image as example"
                )
        return {name: found[name] for name in tensors}

    def _taken(self, images: NDArray[np.uint8], model: "ModelProto") -> NDArray:
        """What the network takes for images; worked out in float64 and rounded once."""
        from onnx import helper

        repeated = self._layout.map_shape[0] // self._graph.shape[0]
        gain, offset = (
            np.array([float(each) for each in numbers] * repeated).reshape(-1, 1, 1)
            for numbers in self._rule.for_channels(self._graph.shape[0])
        )
        (value,) = model.graph.input
        dtype = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        return self._layout.from_map(channels_first(images) * gain + offset).astype(dtype)

    def _part(self, count: int, tensors: Sequence[str]) -> "ModelProto":
        """What leads to tensors, for so many images at once."""
        from onnx import ModelProto, TensorProto, helper, numpy_helper

        model = ModelProto()
        model.CopyFrom(self._graph.model)
        graph = model.graph
        needed, kept = set(tensors), []
        for node in reversed(graph.node):
            if needed.intersection(node.output):
                needed.update(node.input)
                kept.append(node)
        kept.reverse()
        images = next(value for value in graph.input if value.name == self._graph.image)
        batch = images.type.tensor_type.shape.dim[0].dim_value
        images.type.tensor_type.shape.dim[0].dim_value = count
        shapes = {node.input[1] for node in kept if node.op_type == "Reshape"}
        for tensor in graph.initializer:
            if tensor.name in shapes and batch and batch != count:
                sides = numpy_helper.to_array(tensor).copy()
                if sides.size and sides[0] == batch:
                    sides[0] = count  # the number of images that the file was made for
                    tensor.CopyFrom(numpy_helper.from_array(sides, tensor.name))
        initial = [tensor for tensor in graph.initializer if tensor.name in needed]
        if self._standard:
            outputs = [helper.make_empty_tensor_value_info(name) for name in tensors]
        else:  # the executor of qonnx gives every tensor, and takes none within the graph for an output
            taken = {name for node in kept for name in node.input}
            ends = [name for name in tensors if name not in taken]
            outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ends]
        model.graph.CopyFrom(helper.make_graph(kept, graph.name or "part", [images], outputs, initial))
        return model

    def _onnxruntime(
        self, model: "ModelProto", pixels: NDArray, tensors: Sequence[str]
    ) -> dict[str, NDArray]:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # its errors come as exceptions
        # Its optimiser puts integer kernels of its own in the place of quantisers: another network.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        found = session.run(list(tensors), {self._graph.image: pixels})
        return dict(zip(tensors, found, strict=True))

    def _qonnx(self, model: "ModelProto", pixels: NDArray) -> dict[str, NDArray]:
        from qonnx.core.modelwrapper import ModelWrapper
        from qonnx.core.onnx_exec import execute_onnx
        from qonnx.transformation.infer_shapes import InferShapes

        with warnings.catch_warnings():
            # It warns of every tensor behind a shape that the network works out itself, because it cannot
            # know it ahead; what comes out is checked by the caller. And it knows older names of its nodes.
            warnings.filterwarnings("ignore", message="Output shapes disagree")
            warnings.filterwarnings("ignore", message="Some old-style domain attributes")
            wrapped = ModelWrapper(model).transform(InferShapes())
            return execute_onnx(wrapped, {self._graph.image: pixels}, return_full_exec_context=True)
