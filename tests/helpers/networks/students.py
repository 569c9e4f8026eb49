"""Networks as students, held against ONNX Runtime; and the small ones that tests begin with."""

import numpy as np

from sw.importing.bundle import bundle_of
from sw.importing.compare import compare
from sw.importing.graph.graph import open_graph
from sw.importing.head import read_head
from sw.importing.student import InputRule, read_student
from tests.helpers.networks.build import Network

__all__ = ["WEIGHTS", "compared", "finished", "signed", "simple", "student_of"]

WEIGHTS = np.array([[1, -2, 0], [3, 1, -1], [0, 2, -3]])[None, None]


def student_of(net, path, rule=InputRule(), thresholds=None):
    return read_student(open_graph(net.write(path / "net.onnx")), rule, thresholds)


def compared(net, path, count=40, rule=InputRule(), thresholds=None):
    """The student, its bundle, and how its layers compare with ONNX Runtime on random images."""
    student = student_of(net, path, rule, thresholds)
    head = read_head(student.graph, student.features)
    bundle = bundle_of(student, head, "net")
    images = np.random.default_rng(7).integers(0, 256, (count, *bundle.design.image_size.shape), np.uint8)
    return student, bundle, compare(student, bundle, images, with_classes=head.exact)


def simple(form="qdq", shape=(1, 6, 5), **first):
    """Two convolutions up to the last activation."""
    net = Network(form, shape).quantise(1 / 255, 8).convolve(WEIGHTS, **first)
    return net.then("Relu").quantise(0.1013, 2)


def finished(net):
    size = 30
    return net.convolve(WEIGHTS).quantise(0.1013, 2).dense(np.ones((3, size), int))


def signed():
    """A signed map ahead of a padded layer that is not the last."""
    net = Network("qdq", (1, 6, 5)).quantise(1 / 255, 8).convolve(np.concatenate([WEIGHTS, -WEIGHTS]))
    return net.quantise(0.1013, 3, signed=True)
