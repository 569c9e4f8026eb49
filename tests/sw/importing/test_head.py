"""Heads that are templates, and heads that are not."""

import numpy as np
import pytest

from sw.importing.bundle import bundle_of, same_student
from sw.importing.compare import compare
from sw.importing.graph.graph import open_graph
from sw.importing.head import read_head
from sw.importing.student import InputRule, read_student
from sw.reference import pipeline
from tests.helpers.networks.build import QONNX, Network

RNG = np.random.default_rng(5)
SIGNS = RNG.choice([-1, 1], (4, 2 * 5 * 5))


def body(form="qdq", **last):
    net = Network(form, (1, 5, 5)).quantise(1 / 255, 8)
    net.convolve(RNG.integers(-3, 4, (2, 1, 3, 3)))
    return net.quantise(0.1013, last.pop("bits", 2), **{"signed": True, "narrow": True, **last})


def read(net, path):
    graph = open_graph(net.write(path / "net.onnx"))
    student = read_student(graph, InputRule())
    head = read_head(graph, student.features)
    return student, head, bundle_of(student, head, "net")


def behind(net, path):
    """The head, and how classes compare with ONNX Runtime's."""
    student, head, bundle = read(net, path)
    images = np.random.default_rng(1).integers(0, 256, (200, 5, 5), np.uint8)
    return head, compare(student, bundle, images, with_classes=True).layers[-1]


def test_signs_on_a_symmetric_grid_are_templates(tmp_path):
    head, classes = behind(body().dense(SIGNS), tmp_path)
    assert head.exact and "score = matches" in head.words
    assert (classes.values, classes.differences) == (200, 0)


def test_what_keeps_the_order_of_classes_may_follow(tmp_path):
    net = body().dense(SIGNS, bias=np.full(4, 0.5))
    net.then("Mul", net.constant(0.3)).then("Add", net.constant(np.full(4, 2.0))).then("Softmax")
    head, classes = behind(net, tmp_path)
    assert head.exact and classes.differences == 0


def test_unsigned_levels_are_templates_where_classes_have_as_many_minus_ones(tmp_path):
    balanced = np.array([RNG.permutation([-1, 1] * 25) for _ in range(4)])
    net = Network("qdq", (1, 5, 5)).quantise(1 / 255, 8).convolve(np.array([[[[2]]], [[[-3]]]]))
    head, classes = behind(net.then("Relu").quantise(0.1013, 2).dense(balanced), tmp_path)
    assert head.exact and classes.differences == 0


def test_bipolar_bits_are_templates(tmp_path):
    net = Network("qonnx", (1, 5, 5)).quantise(1 / 255, 8).convolve(RNG.integers(-3, 4, (2, 1, 3, 3)))
    net.then("BipolarQuant", net.constant(1.0), domain=QONNX)
    _, head, bundle = read(net.dense(SIGNS), tmp_path)
    assert head.exact and bundle.design.thresholds_per_feature == 1
    images = np.random.default_rng(1).integers(0, 256, (20, 5, 5), np.uint8)
    bits = pipeline.levels_of(bundle, images)
    values = 2.0 * bits.reshape(20, 25, 2).transpose(0, 2, 1).reshape(20, -1) - 1
    scores = pipeline.run_levels(bundle, bits).scores
    assert np.array_equal(2 * scores - 50, values @ SIGNS.T)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda net: net.dense(SIGNS * 2), "other weights than -1 and +1"),
        (lambda net: net.dense(SIGNS, bias=np.arange(4.0)), "classes different gains or offsets"),
        (lambda net: net.dense(SIGNS, np.array([0.1, 0.2, 0.3, 0.4])), "classes different gains or offsets"),
        (lambda net: net.dense(SIGNS).then("Relu"), "(Relu) follows the dense layer"),
        (lambda net: net.dense(SIGNS).then("Mul", net.constant(-1.0)), "classes different gains or offsets"),
    ],
)
def test_other_heads_are_cut_off_and_their_signs_are_a_start(change, said, tmp_path):
    _, head, bundle = read(change(body()), tmp_path)
    assert not head.exact and said in head.words
    assert np.array_equal(bundle.templates, head.templates) and head.templates.any()


def test_a_head_that_is_no_dense_layer_gives_empty_templates(tmp_path):
    net = body().then("GlobalAveragePool").then("Flatten")
    net.outputs = [2]
    _, head, bundle = read(net, tmp_path)
    assert "begins with node" in head.words and not bundle.templates.any()


def test_unsigned_levels_with_uneven_signs_are_no_templates(tmp_path):
    net = body(signed=False, narrow=False).dense(SIGNS)
    _, head, _ = read(net, tmp_path)
    assert not head.exact


def test_a_front_end_is_known_again(tmp_path):
    _, _, bundle = read(body().dense(SIGNS), tmp_path)
    _, _, other = read(body().dense(SIGNS), tmp_path)
    assert same_student(bundle, bundle.with_())
    assert not same_student(bundle, other)
