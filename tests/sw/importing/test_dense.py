"""Dense layers, signals and channels last: the same layers of hardware, equal in every value."""

import numpy as np
import pytest

from sw.errors import EngramError
from sw.importing.bundle import bundle_of
from sw.importing.compare import compare
from sw.importing.head import read_head
from sw.reference import pipeline
from tests.helpers.networks.build import QONNX, Network
from tests.helpers.networks.students import student_of


def made_of(net, path):
    """Student and bundle of a network."""
    student = student_of(net, path)
    return student, bundle_of(student, read_head(student.graph, student.features), "net")


def images_of(bundle, count=40):
    return np.random.default_rng(7).integers(0, 256, (count, *bundle.design.image_size.shape), np.uint8)


def equal(net, path):
    """The bundle of a network all of whose values are those of ONNX Runtime, or qonnx, on random images."""
    student, bundle = made_of(net, path)
    if net.form == "qonnx":
        pytest.importorskip("qonnx")  # both dialects are one student, so the other one's test has the values
    found = compare(student, bundle, images_of(bundle), with_classes=False)
    assert found.values >= 40 and found.first is None
    return bundle, found


def integers(rng, *shape, limit=3):
    return rng.integers(-limit, limit + 1, shape)


def activated(net, scale=0.1013, bits=2):
    return net.then("Relu").quantise(scale, bits)


def sign(values):
    return np.where(values >= 0, 1.0, -1.0)


class Finn:
    """A network as FINN's examples are: signs everywhere, sizes that the network asks for, one scale behind
    the head. `answers` are its classes, worked out here."""

    def __init__(self, seed, shape=(1, 5, 4), hidden=(9, 8), classes=3):
        self.rng = np.random.default_rng(seed)
        self.widths = (int(np.prod(shape)), *hidden, classes)
        self.layers = []
        net = self.net = Network("qonnx", shape)
        first = net.node("Gather", net.node("Shape", "image"), net.constant(0, np.int64))
        first = net.node("Unsqueeze", first, net.constant([0], np.int64))
        net.then("Reshape", net.node("Concat", first, net.constant([-1], np.int64), axis=0))
        net.then("Mul", net.constant(2)).then("Sub", net.constant([1.0]))
        for inputs, outputs in zip(self.widths[:-1], self.widths[1:], strict=True):
            net.then("BipolarQuant", net.constant(1), domain=QONNX)
            self._dense(inputs, outputs)
        net.then("Sub", net.constant([0.25]))
        net.then("Div", net.node("Pow", net.constant([16.0]), net.constant(0.5)))
        net.then("Mul", net.constant([0.5])).then("Add", net.constant([0.125])).outputs = [classes]

    def _dense(self, inputs, outputs):
        rng, net = self.rng, self.net
        weights = rng.choice([-1, 1], (outputs, inputs))
        told = net.weights(weights, 1.0, 1)
        net.then("MatMul", net.node("Transpose", told, perm=[1, 0]))
        gain, offset, mean = rng.normal(size=(3, outputs))
        if outputs != self.widths[-1]:
            net.normalise(gain, offset, mean, np.ones(outputs))
        self.layers.append((weights, gain, offset, mean))

    def answers(self, images):
        """Classes of images (N, values) in the order of the network."""
        values = sign(images / 255 * 2 - 1)
        for weights, gain, offset, mean in self.layers[:-1]:
            values = sign((values @ weights.T - mean) * gain + offset)
        return np.argmax(values @ self.layers[-1][0].T, axis=1)


@pytest.mark.parametrize(("shape", "flattened"), [((1, 5, 4), (5, 4)), ((3, 2, 3), (2, 3, 3))])
def test_a_binary_network_of_dense_layers_is_taken_over_with_its_head(shape, flattened, tmp_path):
    finn = Finn(3, shape)
    student, bundle = made_of(finn.net, tmp_path)
    assert read_head(student.graph, student.features).exact
    design = bundle.design
    assert tuple(design.image_size) == (1, 1, finn.widths[0])
    assert [layer.kind for layer in design.layers] == ["depthwise1x1"] + ["pointwise1x1"] * 2
    assert [layer.weight_bits for layer in design.layers] == [1, 1, 1]
    assert bundle.inputs.flattened == flattened
    images = images_of(bundle, 300)
    ordered = images.reshape(300, *shape[1:], shape[0]).transpose(0, 3, 1, 2).reshape(300, -1)
    found = pipeline.classify(bundle, pipeline.levels_of(bundle, images))
    assert np.array_equal(found, finn.answers(ordered)) and len(np.unique(found)) == 3


def test_a_binary_network_of_dense_layers_is_that_of_qonnx(tmp_path):
    equal(Finn(3).net, tmp_path)


@pytest.mark.parametrize("form", ["qdq", "qonnx"])
def test_a_vector_is_one_pixel(form, tmp_path):
    rng = np.random.default_rng(5)
    net = Network(form, (11,)).dense(integers(rng, 7, 11), rng.uniform(0.01, 0.1, 7), rng.normal(size=7))
    net.normalise(rng.uniform(0.5, 2, 7), rng.normal(size=7), rng.normal(size=7), np.ones(7))
    activated(net)
    net = activated(net.dense(integers(rng, 6, 7), bias=[0.5]), 0.3137, 3).dense(integers(rng, 4, 6))
    bundle, _ = equal(net, tmp_path)
    assert tuple(bundle.design.image_size) == (1, 1, 11) and bundle.inputs.flattened == (1, 11)
    assert [layer.kind for layer in bundle.design.layers] == ["pointwise1x1", "pointwise1x1"]


def test_a_head_alone_is_templates_of_pixels(tmp_path):
    finn = Finn(6, hidden=())
    _, bundle = made_of(finn.net, tmp_path)
    assert [layer.kind for layer in bundle.design.layers] == ["depthwise1x1"]
    images = images_of(bundle, 100)
    found = pipeline.classify(bundle, pipeline.levels_of(bundle, images))
    assert np.array_equal(found, finn.answers(images.reshape(100, -1)))


@pytest.mark.parametrize(
    ("size", "kind"),
    [((3, 3), "conv3x3"), ((1, 4), "conv1x4"), ((2, 5), "conv5x5"), ((1, 1), "pointwise1x1")],
)
def test_a_dense_layer_behind_convolutions_is_a_kernel_over_the_map(size, kind, tmp_path):
    rng = np.random.default_rng(8)
    net = Network("qdq", (2, size[0] + 2, size[1] + 2))
    net = activated(net.convolve(integers(rng, 3, 2, 3, 3), pads=[0] * 4), 0.2013)
    net = net.dense(integers(rng, 6, 3 * size[0] * size[1])).quantise(0.4937, 3, signed=True)
    bundle, _ = equal(net.dense(rng.choice([-1, 1], (4, 6))), tmp_path)
    assert [layer.kind for layer in bundle.design.layers] == ["conv3x3", kind]
    assert bundle.design.feature_map_shape == (6, 1, 1) and bundle.inputs.flattened is None


def test_a_dense_layer_over_more_than_a_kernel_begins_the_head(tmp_path):
    rng = np.random.default_rng(8)
    net = activated(Network("qdq", (1, 8, 8)).convolve(integers(rng, 2, 1, 3, 3)))
    net = activated(net.dense(integers(rng, 6, 128))).dense(integers(rng, 3, 6))
    bundle, _ = equal(net, tmp_path)
    assert [layer.kind for layer in bundle.design.layers] == ["conv3x3"]


def test_a_head_begins_at_the_dense_layer_ahead_of_what_is_not_understood(tmp_path):
    rng = np.random.default_rng(8)
    net = activated(Network("qdq", (9,)).dense(integers(rng, 7, 9)))
    net.dense(integers(rng, 6, 7)).then("Sigmoid").quantise(0.1, 3).dense(integers(rng, 3, 6))
    student = student_of(net, tmp_path)
    assert len(student.layers) == 1 and student.head.op == "Gemm"
    assert "no dense layer from 7 features to 3" in read_head(student.graph, student.features).words


def test_what_stands_in_the_way_of_the_first_dense_layer_is_named(tmp_path):
    rng = np.random.default_rng(8)
    net = Network("qdq", (9,)).dense(integers(rng, 7, 9)).then("Sigmoid").dense(integers(rng, 3, 7))
    with pytest.raises(EngramError, match=r"node 'sigmoid3' \(Sigmoid\): not supported ahead of the head"):
        student_of(net, tmp_path)
    net = Network("qdq", (9,))
    net.then("MatMul", net.constant(rng.normal(size=(9, 7))), name="floats").then("Relu").quantise(0.1, 2)
    with pytest.raises(
        EngramError, match=r"node 'floats' \(MatMul\): its weights must be integers with a sc"
    ):
        student_of(net.dense(integers(rng, 3, 7)), tmp_path)


@pytest.mark.parametrize("form", ["qdq", "qonnx"])
def test_a_signal_is_a_map_of_one_row(form, tmp_path):
    rng = np.random.default_rng(9)
    net = Network(form, (2, 15)).quantise(1 / 255, 8)
    net.then("Conv", net.weights(integers(rng, 4, 2, 5), 0.125), strides=[2], pads=[2, 2])
    activated(net.normalise(rng.uniform(0.5, 2, 4), rng.normal(size=4), rng.normal(size=4), np.ones(4)))
    net.then("MaxPool", kernel_shape=[2], strides=[2])
    net.then("Conv", net.weights(integers(rng, 4, 1, 3), 0.125), group=4, auto_pad="SAME_UPPER")
    activated(net).then("AveragePool", kernel_shape=[2], strides=[2])
    net.quantise(0.05, 4)
    net.then("Conv", net.weights(integers(rng, 3, 4, 1), 0.125)).quantise(0.2, 2, signed=True)
    bundle, _ = equal(net.dense(integers(rng, 3, 6)), tmp_path)
    assert tuple(bundle.design.image_size) == (1, 15, 2)
    kinds = ["conv1x5", "maxpool1x2", "depthwise1x3", "depthwise1x2", "pointwise1x1"]
    assert [layer.kind for layer in bundle.design.layers] == kinds


def test_channels_last_are_the_same_layers(tmp_path):
    """Convolutions between transpositions, a dense layer on the channels, and a flattened map."""
    rng = np.random.default_rng(10)
    net = Network("qdq", (6, 7, 3)).then("Transpose", perm=[0, 3, 1, 2]).quantise(1 / 255, 8)
    net.convolve(integers(rng, 4, 3, 3, 3), strides=[2, 2]).then("Transpose", perm=[0, 2, 3, 1])
    net.then("Add", net.constant(rng.normal(size=4)))
    activated(net).then("MatMul", net.weights(integers(rng, 4, 5), 0.2))
    activated(net).dense(integers(rng, 6, 5 * 3 * 4)).quantise(0.4, 2, signed=True)
    bundle, _ = equal(net.dense(integers(rng, 4, 6)), tmp_path)
    assert tuple(bundle.design.image_size) == (6, 7, 3)
    assert [layer.kind for layer in bundle.design.layers] == ["conv3x3", "pointwise1x1", "conv4x4"]


def test_a_convolution_of_rows_is_refused(tmp_path):
    net = Network("qdq", (6, 7, 3)).then("Transpose", perm=[0, 3, 1, 2]).then("Transpose", perm=[0, 3, 1, 2])
    net.convolve(np.ones((2, 7, 3, 3), int)).quantise(1, 2).dense(np.ones((3, 36), int))
    with pytest.raises(
        EngramError, match=r"must be \(N, channels, height, width\) or \(N, channels, samples"
    ):
        student_of(net, tmp_path)


def test_one_output_is_a_class_where_it_is_above_0(tmp_path):
    rng = np.random.default_rng(11)
    net = activated(Network("qdq", (9,)).dense(integers(rng, 7, 9))).dense(integers(rng, 1, 7))
    bundle, found = equal(net, tmp_path)
    assert bundle.design.classes == 2 and set(found.labels) == {0, 1}


def test_classes_that_a_file_leaves_open_are_those_of_its_last_dense_layer(tmp_path):
    rng = np.random.default_rng(11)
    net = activated(Network("qdq", (9,)).dense(integers(rng, 7, 9))).dense(integers(rng, 4, 7))
    net.outputs = [None]
    assert equal(net, tmp_path)[0].design.classes == 4
    net = (
        Network("qdq", (1, 4, 4))
        .convolve(integers(rng, 3, 1, 3, 3))
        .then("GlobalAveragePool")
        .then("Flatten")
    )
    net.outputs = [None]
    with pytest.raises(EngramError, match=r"its output must have a size, \(N, classes\), it is left open"):
        equal(net, tmp_path)


def test_operators_of_others_with_a_known_name_are_refused(tmp_path):
    net = Network("qdq", (4, 4, 3)).then("Conv", "w", domain="qonnx.custom_op.channels_last", name="c")
    net.nodes[-1].input[1] = net.weights(np.ones((2, 3, 3, 3), int), 0.5)
    with pytest.raises(
        EngramError, match=r"node 'c' \(Conv\): operators of 'qonnx.custom_op.channels_last' m"
    ):
        student_of(net.dense(np.ones((3, 32), int)), tmp_path)


def test_vectors_are_added(tmp_path):
    """A residual block of dense layers."""
    rng = np.random.default_rng(12)
    net = activated(Network("qdq", (9,)).dense(integers(rng, 7, 9)))
    skipped = net.tensor
    activated(net.then("MatMul", net.weights(integers(rng, 7, 7), 0.0977)))
    net.then("Add", skipped).quantise(0.2013, 2)
    bundle, _ = equal(net.dense(integers(rng, 4, 7)), tmp_path)
    assert [layer.kind for layer in bundle.design.layers] == ["pointwise1x1", "pointwise1x1", "add1x1"]


def test_two_heads_are_refused(tmp_path):
    rng = np.random.default_rng(12)
    net = activated(Network("qdq", (9,)).dense(integers(rng, 7, 9)))
    net.node("MatMul", net.tensor, net.weights(integers(rng, 7, 4), 0.1))
    with pytest.raises(EngramError, match="all ways of the network must meet in additions ahead of its head"):
        student_of(net.dense(integers(rng, 4, 7)), tmp_path)


def test_a_pooled_map_in_one_row_is_added_to_what_a_dense_layer_makes_of_it(tmp_path):
    """Both have a channel for every value, one as a flattened map of one pixel, the other as a vector."""
    rng = np.random.default_rng(13)
    net = activated(Network("qdq", (2, 6, 5)).convolve(integers(rng, 6, 2, 3, 3)), 0.1013, 4)
    net.then("GlobalAveragePool").quantise(0.0937, 3).then("Flatten")
    skipped = net.tensor
    activated(net.then("MatMul", net.weights(integers(rng, 6, 6), 0.1013)), 0.0937, 3)
    net.then("Add", skipped).quantise(0.2013, 3)
    bundle, _ = equal(net.dense(integers(rng, 4, 6)), tmp_path)
    kinds = ["conv3x3", "depthwise6x6", "pointwise1x1", "add1x1"]
    assert [layer.kind for layer in bundle.design.layers] == kinds


@pytest.mark.parametrize("form", ["qdq", "qonnx"])
def test_signals_are_added(form, tmp_path):
    """A residual block of one row, whose sum a dense layer takes."""
    rng = np.random.default_rng(14)
    net = Network(form, (2, 6)).quantise(1 / 255, 8)
    activated(net.then("Conv", net.weights(integers(rng, 3, 2, 3), 0.125), pads=[1, 1]))
    skipped = net.tensor
    activated(net.then("Conv", net.weights(integers(rng, 3, 3, 3), 0.0977), pads=[1, 1]))
    activated(net.then("Add", skipped), 0.2013, 3)
    net = net.dense(integers(rng, 5, 18), bias=[0.5]).quantise(0.4, 2, signed=True)
    bundle, _ = equal(net.dense(integers(rng, 3, 5)), tmp_path)
    assert [layer.kind for layer in bundle.design.layers] == ["conv1x3", "conv1x3", "add1x1", "conv1x6"]


@pytest.mark.parametrize("both", [False, True])
def test_maps_with_channels_last_are_added_in_one_order(both, tmp_path):
    """A map of as many rows and columns as channels has one shape in every order."""
    rng = np.random.default_rng(15)
    net = activated(Network("qdq", (1, 3, 3)).convolve(integers(rng, 3, 1, 3, 3)))
    channels_first = net.tensor
    skipped = net.then("Transpose", perm=[0, 2, 3, 1]).tensor
    activated(net.then("MatMul", net.weights(integers(rng, 3, 3), 0.0977)))
    net.then("Add", skipped if both else channels_first, name="sum").quantise(0.2013, 2)
    net = net.dense(integers(rng, 5, 27)).quantise(0.4, 2, signed=True).dense(integers(rng, 3, 5))
    if not both:
        with pytest.raises(EngramError, match=r"node 'sum' \(Add\): .* one of the two is transposed"):
            student_of(net, tmp_path)
        return
    bundle, _ = equal(net, tmp_path)
    assert [layer.kind for layer in bundle.design.layers] == ["conv3x3", "pointwise1x1", "add1x1", "conv3x3"]


def test_what_stands_ahead_of_the_only_dense_layer_is_named(tmp_path):
    net = Network("qdq", (9,)).then("Sigmoid").dense(integers(np.random.default_rng(8), 3, 9))
    with pytest.raises(EngramError, match=r"node 'sigmoid0' \(Sigmoid\): not supported ahead of the head"):
        student_of(net, tmp_path)
