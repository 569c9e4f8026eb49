"""The graph of an ONNX file as the importer sees it: nodes by the tensors that they give and take."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from sw.errors import EngramError
from sw.importing.graph.file import read_model

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["Graph", "Node", "open_graph"]

AXES = {2: "C", 3: "CW", 4: "CHW"}
"""Axes behind that of the images, by the rank of the input."""


@dataclass(frozen=True, eq=False)
class Node:
    """One node of the graph.

    Attributes
    ----------
    name
        Its own, or where it has none that of its first output, which is unique too.
    op
        What it does, such as ``Conv``.
    inputs, outputs
        Names of tensors; an optional input that is left out is empty.
    attributes
        By name; texts are decoded, tensors are arrays.
    domain
        Whose operator it is; empty for those of ONNX itself.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    domain: str = ""

    @property
    def words(self) -> str:
        """For messages."""
        return f"node {self.name!r} ({self.op})"

    def refused(self, why: str) -> EngramError:
        """The error that names this node."""
        return EngramError(f"{self.words}: {why}")

    def input(self, place: int) -> str:
        """Name of an input; empty if it is left out."""
        return self.inputs[place] if place < len(self.inputs) else ""


@dataclass(frozen=True, eq=False)
class Graph:
    """A network with one image as input.

    Attributes
    ----------
    path
        Its file.
    model
        As read, with all tensors inside.
    nodes
        In the order of the file.
    initial
        Tensors that are constants of the file.
    image
        Name of the input.
    shape
        Channels, height and width of an image.
    axes
        Axes of the input behind that of the images, see :class:`sw.importing.graph.layout.Layout`.
    """

    path: Path
    model: "ModelProto"
    nodes: tuple[Node, ...]
    initial: dict[str, NDArray]
    image: str
    shape: tuple[int, int, int]
    axes: str = "CHW"

    def __post_init__(self) -> None:
        makers: dict[str, Node] = {}
        takers: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in node.outputs:
                makers[name] = node
            for name in dict.fromkeys(node.inputs):
                if node.op != "Shape":  # it takes the sizes of a tensor, not its values
                    takers.setdefault(name, []).append(node)
        object.__setattr__(self, "_makers", makers)
        object.__setattr__(self, "_takers", takers)
        following, open_ = {self.image}, [self.image]
        while open_:
            new = [name for node in takers.get(open_.pop(), []) for name in node.outputs]
            open_ += [name for name in dict.fromkeys(new) if name not in following]
            following.update(new)
        object.__setattr__(self, "_following", following)

    def maker(self, tensor: str) -> Node | None:
        """The node that gives a tensor."""
        return self._makers.get(tensor)  # type: ignore[attr-defined]

    def takers(self, tensor: str) -> list[Node]:
        """The nodes that take a tensor, in the order of the file."""
        return self._takers.get(tensor, [])  # type: ignore[attr-defined]

    def ahead(self, tensor: str, end: Node | None = None) -> list[Node]:
        """The nodes that take a tensor, or what follows from it, in no order; none at `end` and behind."""
        seen, open_ = {tensor}, [tensor]
        found: dict[int, Node] = {}
        while open_:
            for node in self.takers(open_.pop()):
                if node is not end and id(node) not in found:
                    found[id(node)] = node
                    new = [name for name in node.outputs if name not in seen]
                    seen.update(new)
                    open_ += new
        return list(found.values())

    def joins(self, node: Node) -> bool:
        """Whether a node adds two tensors that follow from the image."""
        return node.op == "Add" and all(self.follows(name) for name in node.inputs)

    def follows(self, tensor: str) -> bool:
        """Whether a tensor is the image or follows from it."""
        return tensor in self._following  # type: ignore[attr-defined]

    @property
    def classes(self) -> int | None:
        """Number of classes, None if it is left open; raises EngramError if the output has none.

        One output tells two classes apart.
        """
        output = self.model.graph.output[0]
        sizes = _sizes(output)
        if len(sizes) == 2 and sizes[1] is None:
            return None
        if len(sizes) < 2 or sizes[1] is None or any(size != 1 for size in sizes[2:]):
            raise EngramError(
                f"{self.path}: output {output.name!r} must be (N, classes), got {_written(sizes)}; "
                "export the network with its classes as output"
            )
        return max(sizes[1], 2)


def open_graph(path: Path) -> Graph:
    """Read an ONNX file.

    Raises
    ------
    EngramError
        If it cannot be read, or does not take one image of known size.
    """
    from onnx import helper, numpy_helper

    model = read_model(path)
    initial = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in initial]
    if len(inputs) != 1:
        raise EngramError(f"{path} must have one input, the image, it has {len(inputs)}; export one network")
    sizes = _sizes(inputs[0])
    if not 2 <= len(sizes) <= 4 or None in sizes[1:]:
        raise EngramError(
            f"{path}: input {inputs[0].name!r} must be (N, channels, height, width), (N, channels, samples) "
            f"or (N, values) in numbers, got {_written(sizes)}; export with an example image and without "
            "dynamic height and width"
        )
    nodes = []
    for number, node in enumerate(model.graph.node):
        attributes = {}
        for attribute in node.attribute:
            value = helper.get_attribute_value(attribute)
            if attribute.HasField("t"):
                value = numpy_helper.to_array(attribute.t)
            attributes[attribute.name] = value.decode(errors="replace") if isinstance(value, bytes) else value
        name = node.name or (node.output[0] if node.output else str(number))
        nodes.append(Node(name, node.op_type, tuple(node.input), tuple(node.output), attributes, node.domain))
    axes = AXES[len(sizes)]
    last_first = [0, len(sizes) - 1, *range(1, len(sizes) - 1)]
    own = [node for node in nodes if inputs[0].name in node.inputs]
    if len(sizes) > 2 and own and all(list(node.attributes.get("perm", ())) == last_first for node in own):
        axes = axes[1:] + axes[0]  # a network that begins by putting its channels first has them last
    told = {axis: size for axis, size in zip(axes, sizes[1:], strict=True) if size is not None}
    shape = told["C"], told.get("H", 1), told.get("W", 1)
    return Graph(path, model, tuple(nodes), initial, inputs[0].name, shape, axes)


def _sizes(value: Any) -> list[int | None]:
    """Sides of a tensor that a file describes; None for one that it leaves open."""
    return [side.dim_value or None for side in value.type.tensor_type.shape.dim]


def _written(sizes: list[int | None]) -> str:
    return f"({', '.join('?' if size is None else str(size) for size in sizes)})"
