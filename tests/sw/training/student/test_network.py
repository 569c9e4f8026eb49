"""The quantised network as such: integer values, refusals."""

import pytest
import torch

from sw.design import DesignPoint, Layer
from sw.design.layer import LayerShape
from sw.errors import EngramError
from sw.training.student.activation import Addition
from sw.training.student.float_twin import FloatTwin
from sw.training.student.network import QuantisedLayer, Student
from tests.helpers.bundles import WINDOWS, residual_design, window_layer

pytestmark = pytest.mark.usefixtures("one_thread")


def images(count: int, height: int, width: int) -> torch.Tensor:
    return torch.randint(
        0, 256, (count, height, width), generator=torch.Generator().manual_seed(7), dtype=torch.uint8
    )


def layer_of(layer: Layer, in_channels: int, input_bits: int) -> QuantisedLayer:
    out = layer.out_channels or in_channels
    return QuantisedLayer(layer, LayerShape((in_channels, 9, 9), (out, 9, 9), input_bits))


@pytest.mark.parametrize(("bits", "limit"), [(1, 1), (2, 1), (3, 3), (4, 7), (8, 127)])
def test_weights_are_integers_within_their_width(bits, limit):
    torch.manual_seed(0)
    module = layer_of(Layer(kind="conv3x3", out_channels=8, weight_bits=bits), 16, 4)
    weight = module.integer_weight()
    assert torch.equal(weight, weight.round())
    assert int(weight.abs().max()) == limit
    assert bool((weight == 0).any()) == (bits > 1)
    weight.sum().backward()
    assert torch.all(module.conv.weight.grad != 0)


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("bits", [2, 4])
def test_pruned_weights_are_zero_and_rest(bits, soft):
    torch.manual_seed(4)
    module = layer_of(Layer(kind="conv3x3", out_channels=8, weight_bits=bits), 16, 4)
    module.soft = soft
    unpruned = module.integer_weight()
    module.stays.copy_(torch.rand(module.stays.shape) < 0.3)
    weight = module.integer_weight()
    assert torch.equal(weight, torch.where(module.stays, unpruned, 0.0))
    assert module.macs_nonzero() == int((weight != 0).sum()) * 81
    weight.sum().backward()
    assert torch.equal(module.conv.weight.grad != 0, module.stays)


@pytest.mark.parametrize(("bits", "limit"), [(1, 1), (2, 1), (4, 7)])
def test_soft_weights_are_clamped_and_not_rounded(bits, limit):
    torch.manual_seed(5)
    module = layer_of(Layer(kind="conv3x3", out_channels=8, weight_bits=bits), 16, 4)
    module.soft = True
    with torch.no_grad():
        module.conv.weight.mul_(1.5)
    weight = module.integer_weight()
    assert torch.equal(weight, module.conv.weight.clamp(-1, 1) * limit)
    weight.sum().backward()
    assert torch.equal(module.conv.weight.grad, limit * (module.conv.weight.abs() <= 1).float())


@pytest.mark.parametrize("bits", [3, 6, 8])
def test_decayed_weights_take_all_their_levels_in_every_channel(bits):
    torch.manual_seed(8)
    module = layer_of(Layer(kind="conv3x3", out_channels=8, weight_bits=bits), 16, 4)
    with torch.no_grad():
        module.conv.weight.mul_(torch.logspace(-3, 0, 8)[:, None, None, None])
        module.stays.copy_(torch.rand(module.stays.shape) < 0.3)
        module.conv.weight[~module.stays] = 1.0  # counts for nothing
        module.stays[0] = False
    before = module.conv.weight.detach().clone()
    module.spread_()
    limit = module.layer.weight_limit
    reached = module.integer_weight().abs().flatten(1).amax(dim=1)
    assert reached.tolist() == [0] + 7 * [limit]
    kept = torch.where(module.stays, module.conv.weight, 0.0)[1:]
    ratio = kept.abs().flatten(1).sum(1) / torch.where(module.stays, before, 0.0)[1:].abs().flatten(1).sum(1)
    assert torch.allclose(kept, torch.where(module.stays, before, 0.0)[1:] * ratio.view(-1, 1, 1, 1))


def test_binary_weights_are_signs_and_stay_as_they_are():
    module = layer_of(Layer(kind="conv3x3", out_channels=8, weight_bits=1), 16, 4)
    before = module.conv.weight.detach().clone()
    module.spread_()
    assert torch.equal(module.conv.weight, before)


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_soft_activations_are_clamped_and_not_rounded(bits):
    torch.manual_seed(6)
    module = layer_of(Layer(kind="conv3x3", out_channels=4, activation_bits=bits), 1, 8)
    module.soft = True
    values = images(4, 9, 9)[:, None].float()
    for training in (True, False):
        levels = module.train(training)(values)
        assert levels.min() == 0 and levels.max() == 2**bits - 1
        assert not torch.equal(levels, levels.round())


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("name", [name for name in WINDOWS if "maximum" not in name])
def test_evaluation_and_training_give_the_same_accumulators(name, stride):
    torch.manual_seed(1)
    module = layer_of(window_layer(name, out_channels=8, stride=stride, weight_bits=4), 4, 8)
    values = torch.randint(0, 256, (2, 4, 7, 9)).float()
    trained = module.train().accumulators(values)
    assert torch.equal(module.eval().accumulators(values), trained)


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_activations_are_levels(bits):
    torch.manual_seed(2)
    module = layer_of(Layer(kind="conv3x3", out_channels=4, activation_bits=bits), 1, 8)
    values = images(4, 9, 9)[:, None].float()
    for training in (True, False):
        levels = module.train(training)(values)
        assert set(levels.unique().tolist()) <= set(range(2**bits))


def test_accumulators_beyond_float32_are_refused():
    with pytest.raises(EngramError) as refusal:
        layer_of(Layer(kind="conv3x3", out_channels=1, weight_bits=8), 4096, 4)
    assert str(refusal.value) == (
        "accumulators of a conv3x3 layer must stay below 2**24, 4096 inputs of 4 bits and 8-bit weights "
        "reach 70225920; use fewer channels or bits"
    )


def test_bits_are_the_same_in_any_precision_around():
    torch.manual_seed(7)
    design = DesignPoint(name="plain", height=9, width=8, classes=2, thresholds_per_feature=2)
    student, batch = Student(design), images(40, 9, 8)
    want = student(batch)
    with torch.autocast("cpu", torch.bfloat16):
        bits = student(batch)
    assert bits.dtype == torch.float32
    assert torch.equal(bits, want)


def test_student_and_twin_take_every_kind_of_layer():
    design = DesignPoint(
        name="all-kinds",
        height=13,
        width=10,
        classes=3,
        layers=(
            Layer(kind="conv3x3", out_channels=4, activation_bits=2),
            Layer(kind="maxpool2x2", stride=2),
            Layer(kind="depthwise3x3", stride=2, activation_bits=3),
            Layer(kind="pointwise1x1", out_channels=5),
        ),
        thresholds_per_feature=2,
    )
    batch = images(6, 13, 10)
    for taken in (design, residual_design(height=13, width=10)):
        assert Student(taken)(batch).shape == (6, taken.features)
        assert FloatTwin(taken)(batch).shape == (6, 3)


def test_the_twin_of_an_addition_adds():
    torch.manual_seed(3)
    twin = FloatTwin(residual_design()).eval()
    batch = images(2, 6, 5)
    got: list[torch.Tensor] = []
    for module in twin.body:
        module.register_forward_hook(lambda module, inputs, output: got.append(output))
    twin(batch)
    assert len(twin.body) == len(got) == 21  # seven layers with weights
    block = twin.body[9](got[8] + got[2])
    assert torch.equal(block, got[9])


def test_an_addition_never_falls_and_rounds_to_levels():
    torch.manual_seed(3)
    module = Addition(
        Layer(kind="add1x1", inputs=(0, 1), activation_bits=2), LayerShape((3, 4, 4), (3, 4, 4), 3)
    )
    with torch.no_grad():
        module.norm.weight[0] *= -1
    first, second = (torch.randint(0, 8, (5, 3, 4, 4)).float() for _ in range(2))
    trained = module.train()(first, second)
    assert set(trained.unique().tolist()) <= {0, 1, 2, 3}
    module.norm.momentum = None  # an average over all batches, as training ends with
    module(first, second)
    values = module.normalised(first + second)
    rising = torch.argsort((first + second)[:, 0].flatten())
    assert values[:, 0].flatten()[rising].diff().min() >= -1e-5
    sums = torch.arange(15.0).expand(1, 3, 15)
    steps = module.eval().activate(sums).diff(dim=-1)
    assert steps.min() == 0 and steps.max() > 0
    assert torch.equal(module.signs(), torch.ones(3))


def test_student_without_layers_compares_pixels():
    design = DesignPoint(name="pixels", height=2, width=3, classes=2)
    student = Student(design)
    student(images(50, 2, 3))  # one step of statistics
    student.eval()
    bright, dark = torch.full((1, 2, 3), 255), torch.zeros(1, 2, 3)
    assert student(bright).tolist() == [[1.0] * 6]
    assert student(dark).tolist() == [[0.0] * 6]
