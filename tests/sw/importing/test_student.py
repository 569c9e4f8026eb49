"""Networks as layers of hardware: equal to their source in every value, or refused by node name."""

from fractions import Fraction

import numpy as np
import pytest

from sw.errors import EngramError
from sw.importing.bundle import bundle_of
from sw.importing.head import read_head
from sw.importing.student import InputRule
from tests.helpers.networks.build import Network, random_network
from tests.helpers.networks.students import WEIGHTS, compared, finished, signed, simple, student_of


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_are_equal_layer_by_layer(seed, tmp_path):
    _, _, found = compared(random_network(seed, "qdq"), tmp_path, 100)
    assert found.values > 1_000
    assert found.first is None and found.differences == 0
    assert len({row.name for row in found.layers}) == len(found.layers)


@pytest.mark.parametrize("seed", range(12))
def test_both_dialects_give_one_student(seed, tmp_path):
    students = []
    for form in ("qdq", "qonnx"):
        student = student_of(random_network(seed, form, wide=seed % 2 == 1), tmp_path)
        students.append(bundle_of(student, read_head(student.graph, student.features), "net"))
    assert students[0].digest == students[1].digest


@pytest.mark.parametrize("seed", range(4))
def test_wide_activations_differ_where_their_sums_are_told_to(seed, tmp_path):
    student, _, found = compared(random_network(seed, "qdq", wide=True), tmp_path, 40)
    unequal = {made.name: made.unequal / max(made.accumulators, 1) for made in student.layers}
    assert max(unequal.values()) < 0.01
    first = found.layers[0]
    assert first.differences <= 0.01 * first.values
    if not any(unequal.values()):
        assert found.differences == 0


def test_a_power_of_two_is_multiplied_exactly(tmp_path):
    net = Network("qdq", (1, 6, 5)).convolve(WEIGHTS, 0.25, bias=[0.1]).then("Relu").quantise(4.0, 8)
    student, _, found = compared(finished(net), tmp_path, rule=InputRule((Fraction(1),)))
    assert student.layers[0].layer.activation_bits == 7 and student.layers[0].unequal == 0
    assert student.layers[0].parameters.requantisation.multiplier.tolist() == [2**12]
    assert found.differences == 0


def test_wide_activations_round_values_in_the_middle_up(tmp_path):
    """The source rounds them to even: every other level begins one sum later there, which is told."""
    net = Network("qdq", (1, 6, 5)).convolve(WEIGHTS, 0.25).then("Relu").quantise(4.0, 8)
    student, _, found = compared(finished(net), tmp_path, rule=InputRule((Fraction(1),)))
    made = student.layers[0]
    assert 0 < made.unequal <= made.parameters.weight.size * 255 * 7 // 16 // 2
    assert 0 < found.layers[0].differences < 0.05 * found.layers[0].values


def test_values_in_the_middle_go_to_the_even_level(tmp_path):
    """Weights of 1/2 in steps of 1 are in the middle at every other sum."""
    net = Network("qdq", (1, 4, 4)).convolve(np.ones((1, 1, 1, 1), int), 0.5).then("Relu").quantise(1.0, 2)
    net.convolve(np.ones((1, 1, 1, 1), int), 1.0).quantise(1.0, 2).dense(np.ones((2, 16), int))
    student, _, found = compared(net, tmp_path, rule=InputRule((Fraction(1),)))
    assert student.layers[0].parameters.thresholds.tolist() == [[2, 3, 6]]
    assert found.differences == 0


def test_an_input_of_four_bits_becomes_a_layer_of_its_own(tmp_path):
    net = Network("qdq", (1, 6, 5)).quantise(1 / 15, 4).convolve(WEIGHTS).then("Relu").quantise(0.1013, 2)
    student, bundle, found = compared(finished(net), tmp_path)
    assert [layer.kind for layer in bundle.design.layers] == ["pointwise1x1", "conv3x3", "conv3x3"]
    steps = student.layers[0].parameters.thresholds[0]
    assert steps.tolist() == [-(-(2 * k - 1) * 17 // 2) for k in range(1, 16)]
    assert found.differences == 0


def test_an_offset_of_the_input_is_folded_where_the_kernel_keeps_inside(tmp_path):
    rule = InputRule((Fraction(1, 64),), (Fraction(127),))
    net = Network("qdq", (1, 5, 5)).convolve(np.full((2, 1, 1, 1), 3), bias=[0.5, -0.5]).then("Relu")
    net.quantise(0.25, 3).convolve(np.ones((2, 2, 3, 3), int)).quantise(0.5, 2).dense(np.ones((3, 50), int))
    _, _, found = compared(net, tmp_path, rule=rule)
    assert found.differences == 0


def test_an_offset_at_the_edges_of_the_last_layer_has_thresholds_by_pixel(tmp_path):
    """The source adds its 0 there, which is grey level 127."""
    rule = InputRule((Fraction(1, 64),), (Fraction(127),))
    net = (
        Network("qdq", (1, 5, 5))
        .convolve(WEIGHTS)
        .quantise(0.25, 3, signed=True)
        .dense(np.ones((3, 25), int))
    )
    _, bundle, found = compared(net, tmp_path, rule=rule)
    assert found.differences == 0
    assert len(np.unique(bundle.feature_thresholds[..., 0, 0])) > 1


def test_signed_levels_that_are_never_reached_take_no_bits(tmp_path):
    net = Network("qdq", (1, 6, 5)).quantise(1 / 255, 8).convolve(WEIGHTS).then("Relu")
    student, _, found = compared(finished(net.quantise(0.1013, 3, signed=True)), tmp_path)
    assert student.layers[0].layer.activation_bits == 2
    assert found.differences == 0


def test_two_quantisers_in_a_row_are_one(tmp_path):
    net = simple().then("Relu").quantise(0.1571, 2)
    student, _, found = compared(finished(net), tmp_path)
    assert [made.layer.kind for made in student.layers] == ["conv3x3", "conv3x3"]
    assert found.differences == 0


def test_more_levels_than_thresholds_are_spread_evenly(tmp_path):
    net = simple().convolve(WEIGHTS).then("Relu").quantise(0.01013, 5).dense(np.ones((3, 30), int))
    student, bundle, found = compared(net, tmp_path, thresholds=3)
    assert bundle.design.thresholds_per_feature == 3
    assert len(student.features.levels) == 3 and len(set(np.diff(student.features.levels))) <= 2
    assert found.differences == 0
    assert len(student_of(net, tmp_path).features.levels) == 15
    with pytest.raises(EngramError, match="--thresholds must be 1 to 15"):
        student_of(net, tmp_path, thresholds=16)


def test_without_a_last_quantiser_a_bit_is_a_positive_value(tmp_path):
    net = simple().convolve(WEIGHTS, bias=[-0.3]).then("Relu").then("GlobalAveragePool").then("Flatten")
    net.outputs = [1]
    student, bundle, found = compared(_two_classes(net), tmp_path)
    assert student.head.op == "GlobalAveragePool"
    assert student.features.source.top == 0 and bundle.design.thresholds_per_feature == 1
    assert found.differences == 0


def _two_classes(net):
    net.outputs = [2]
    return net.then("Gemm", net.constant(np.ones((1, 2))))


def test_clips_scales_and_shifts_are_folded(tmp_path):
    net = Network("qdq", (2, 5, 5), batch=None)
    net.then("Sub", net.constant(0.25)).then("Add", net.constant(0.25))
    net.quantise(1 / 255, 8).convolve(np.arange(-4, 4).reshape(4, 2, 1, 1))
    net.then("Mul", net.constant(np.array([1, -1, 2, 0]).reshape(4, 1, 1)))
    net.then("Div", net.constant(0.5)).then("Clip", net.constant(0.0), net.constant(0.6)).quantise(
        [0.1013] * 4, 3
    )
    net.then("Identity").then("Dropout").convolve(np.ones((2, 4, 3, 3), int)).then("Relu").quantise(0.3117, 2)
    _, _, found = compared(net.dense(np.ones((3, 50), int)), tmp_path)
    assert found.differences == 0


REFUSED = {
    "Sigmoid": (lambda net: net.then("Sigmoid", name="s1"), "node 's1' (Sigmoid): not supported ahead"),
    "float weights": (
        lambda net: net.then("Conv", net.constant(WEIGHTS), pads=[1] * 4, name="c1"),
        "node 'c1' (Conv): its weights must be integers with a scale",
    ),
    "no quantiser": (
        lambda net: net.convolve(WEIGHTS, name="c1").then("Relu"),
        "must be quantised (Quant, BipolarQuant or QuantizeLinear) since",
    ),
    "kernel": (
        lambda net: net.convolve(np.ones((1, 1, 9, 9), int), name="c1"),
        "node 'c1' (Conv): got kernel 9 x 9, padding (4, 4, 4, 4), stride 1; supported are kernels of 1 to 7",
    ),
    "dilation": (lambda net: net.convolve(WEIGHTS, name="c1", dilations=[2, 2]), "no dilation"),
    "groups": (
        lambda net: (
            net.convolve(np.ones((4, 1, 1, 1), int))
            .quantise(1, 2)
            .convolve(np.ones((3, 2, 1, 1), int), name="c1", group=2)
        ),
        "weights (3, 2, 1, 1) in 2 groups do not fit 4 channels",
    ),
    "largest weight": (
        lambda net: net.convolve(np.full((1, 1, 3, 3), -128), name="c1"),
        "weights must be integers -127 to 127",
    ),
    "negative gain behind a pool": (
        lambda net: net.then("MaxPool", kernel_shape=[2, 2], strides=[2, 2]).then(
            "Mul", net.constant(-1.0), name="m1"
        ),
        "node 'm1' (Mul): a negative gain after max-pool",
    ),
    "pool": (
        lambda net: net.then("MaxPool", kernel_shape=[2, 3], strides=[2, 2], name="p1"),
        "node 'p1' (MaxPool): got kernel 2 x 3, padding (0, 0, 0, 0), stride 2; supported are kernels of 1",
    ),
    "one scale": (
        lambda net: net.convolve(np.ones((2, 1, 1, 1), int)).then("Relu").quantise([0.1, 0.2], 2),
        "must have one scale for all channels",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_supported_is_refused_by_name(case, tmp_path):
    change, said = REFUSED[case]
    net = Network("qdq", (1, 8, 8)).quantise(1 / 255, 8)
    change(net)
    channels = 2 if case == "one scale" else 4 if case == "groups" else 1
    net.convolve(np.ones((1, channels, 1, 1), int)).quantise(1, 2)
    net.outputs = [2]
    with pytest.raises(EngramError) as caught:
        student_of(net, tmp_path)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def shifted():
    """Of which no level is the value 0."""
    net = signed()
    return net.then("Add", net.constant(0.05))


def test_a_signed_map_becomes_two_ahead_of_padding(tmp_path):
    net = signed().convolve(np.arange(-9, 9).reshape(1, 2, 3, 3)).then("Relu").quantise(0.3117, 2)
    student, _, found = compared(finished(net), tmp_path)
    first = student.layers[0]
    assert (first.layer.out_channels, first.layer.activation_bits) == (4, 3)
    assert first.output.halves and found.layers[0].values == 40 * 4 * 30
    assert found.differences == 0


def test_signs_are_two_bits_ahead_of_padding(tmp_path):
    net = Network("qdq", (1, 6, 5)).quantise(1 / 255, 8).convolve(np.concatenate([WEIGHTS, -WEIGHTS]))
    net.quantise(0.5, 1).then("Mul", net.constant(4.0)).then("Sub", net.constant(1.0))
    net.convolve(np.arange(-9, 9).reshape(1, 2, 3, 3)).then("Relu").quantise(0.3117, 2)
    student, _, found = compared(finished(net), tmp_path)
    assert (student.layers[0].layer.out_channels, student.layers[0].layer.activation_bits) == (4, 1)
    assert found.differences == 0


@pytest.mark.parametrize("quantised", [False, True])
def test_pixels_less_their_mean_become_two_maps_ahead_of_padding(quantised, tmp_path):
    net = Network("qdq", (1, 6, 5))
    if quantised:
        net.quantise(1 / 64, 8, signed=True)
    net.convolve(WEIGHTS).then("Relu").quantise(0.1013, 3)
    student, bundle, found = compared(
        finished(net), tmp_path, rule=InputRule((Fraction(1, 64),), (Fraction(100),))
    )
    assert [layer.kind for layer in bundle.design.layers] == ["pointwise1x1", "conv3x3", "conv3x3"]
    assert bundle.design.layers[0].out_channels == 2 and student.layers[0].unequal == 0
    assert found.differences == 0


def test_groups_around_a_signed_map_become_zeros(tmp_path):
    """The layer ahead and the layer behind are depthwise; both have all channels of the two maps."""
    net = signed().convolve(np.ones((2, 1, 3, 3), int), group=2).quantise(0.1013, 4, signed=True)
    net.convolve(np.array([[[[1, -2, 1]] * 3]] * 2), group=2).quantise(0.1013, 2)
    _, bundle, found = compared(finished(net.convolve(np.ones((1, 2, 1, 1), int)).quantise(1, 2)), tmp_path)
    assert [layer.kind for layer in bundle.design.layers[:3]] == ["conv3x3"] * 3
    assert [layer.out_channels for layer in bundle.design.layers[:3]] == [4, 4, 2]
    assert found.differences == 0


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("AveragePool", {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("AveragePool", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}),
        ("GlobalAveragePool", {}),
    ],
)
@pytest.mark.parametrize("signed", [False, True])
def test_means_ahead_of_a_convolution_are_depthwise_layers(operator, attributes, signed, tmp_path):
    """Scales are powers of two: the source's floats are then exact in the middle of two levels too."""
    net = Network("qdq", (1, 6, 6)).quantise(1 / 256, 8)
    net.convolve(np.concatenate([WEIGHTS, -WEIGHTS])).quantise(0.0625, 4, signed=signed)
    net.then(operator, **attributes).quantise(0.125, 3, signed=signed)
    net.convolve(np.array([[[[1]], [[-2]]]] * 3), name="last").quantise(0.125, 2)
    size = 36 if "pads" in attributes else 9 if attributes else 1
    _, bundle, found = compared(
        net.dense(np.ones((3, 3 * size), int)), tmp_path, 40, InputRule((Fraction(1, 256),))
    )
    kind = "conv" if signed and "pads" in attributes else "depthwise"
    assert bundle.design.layers[-2].kind.startswith(kind)
    assert found.values > 100 and found.differences == 0


def test_means_that_leave_padding_out_are_refused(tmp_path):
    net = simple().then("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], name="a1").quantise(0.125, 3)
    with pytest.raises(EngramError, match=r"node 'a1' \(AveragePool\): supported are means of whole windows"):
        student_of(finished(net), tmp_path)


def test_what_cannot_become_two_maps_is_refused(tmp_path):
    between = shifted().convolve(np.ones((1, 2, 3, 3), int)).quantise(1, 2)
    with pytest.raises(EngramError, match="which is no level of its input"):
        student_of(finished(between), tmp_path)


def test_a_network_without_layers_is_refused(tmp_path):
    net = Network("qdq", (1, 6, 5)).quantise(1 / 255, 8).then("Flatten")
    net.outputs = [30]
    with pytest.raises(EngramError, match="must have a convolution or a dense layer"):
        student_of(net, tmp_path)


def test_numbers_of_an_input_rule_must_fit_the_channels(tmp_path):
    with pytest.raises(
        EngramError, match="--input-scale must be one number, or one for each of 1 channels, got 3"
    ):
        student_of(finished(simple()), tmp_path, InputRule((Fraction(1),) * 3))
