"""Export is exact: the network in evaluation and the integer reference agree on every bit and class."""

import numpy as np
import pytest
import torch

from sw.design import DesignPoint, Layer
from sw.reference import frontend, pipeline
from sw.training.recipe import Recipe
from sw.training.student.activation import Activated
from sw.training.student.export import accumulator_range, export, first_true
from sw.training.student.trainee import Trainee
from tests.helpers.bundles import residual_design
from tests.helpers.trainings import bundle_of

pytestmark = pytest.mark.usefixtures("one_thread")


def conv(out, *, stride=1, weight=2, bits=None):
    return Layer(kind="conv3x3", out_channels=out, stride=stride, weight_bits=weight, activation_bits=bits)


def depthwise(*, stride=1, weight=2, bits=None):
    return Layer(kind="depthwise3x3", stride=stride, weight_bits=weight, activation_bits=bits)


def pointwise(out, *, stride=1, weight=2, bits=None):
    return Layer(
        kind="pointwise1x1", out_channels=out, stride=stride, weight_bits=weight, activation_bits=bits
    )


POOL = Layer(kind="maxpool2x2", stride=2)
CASES = {
    "pixels only": ((5, 7), (), 1, 1),
    "pixels only, three levels": ((3, 4), (), 3, 2),
    "pooled pixels": ((5, 7), (POOL,), 2, 1),
    "one binary convolution": ((6, 5), (conv(3, weight=1),), 1, 2),
    "one pointwise layer": ((3, 3), (pointwise(4, weight=8),), 2, 1),
    "depthwise first": ((7, 6), (depthwise(weight=4, bits=3), pointwise(6, weight=2)), 1, 3),
    "strides on odd sides": (
        (9, 11),
        (conv(4, stride=2, bits=1), conv(5, stride=2, weight=4, bits=4), conv(3)),
        2,
        1,
    ),
    "three channels": ((7, 6, 3), (conv(4, bits=3), depthwise(stride=2, weight=4)), 1, 2),
    "pixels of three channels": ((3, 4, 3), (), 2, 1),
    "signals of two channels": ((1, 30, 2), (conv(4, stride=2, bits=4), conv(3)), 1, 2),
    "pool between": ((8, 9), (conv(4, weight=8, bits=2), POOL, conv(6, weight=1)), 1, 1),
    "pool after the last": ((10, 7), (conv(4, weight=2, bits=4), pointwise(5, weight=4), POOL), 3, 1),
    "wide activations": (
        (9, 8),
        (conv(4, bits=8), POOL, depthwise(weight=1, bits=5), pointwise(5, weight=4, bits=6), conv(3)),
        2,
        1,
    ),
    "wide between narrow": ((7, 8), (conv(4, bits=3), conv(5, weight=8, bits=7), conv(3, weight=4)), 1, 2),
    "residuals": ((7, 6), residual_design().layers, 2, 1),
    "wide residuals": ((8, 7), residual_design(5, 8).layers, 1, 2),
    "sums last": ((6, 5), (conv(3, bits=4), conv(3, bits=4), Layer(kind="add1x1", inputs=(0, 1))), 2, 1),
    "all kinds": (
        (13, 12),
        (conv(4, bits=4), POOL, depthwise(stride=2, weight=1, bits=2), pointwise(8, bits=3), conv(3), POOL),
        1,
        4,
    ),
}


def random_images(count, size, rng):
    """Noise, and images near black and white where accumulators reach their ends."""
    images = rng.integers(0, 256, (count, *size))
    images[: count // 4] //= 200
    images[-count // 4 :] = 255 - images[-count // 4 :] // 100
    return images.astype(np.uint8)


def trained_model(design, steps, seed):
    """A student after `steps` steps on random labels, with about half of the batch-norm gains negative."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = Trainee(design, True, Recipe(1, 1, 1))
    for module in model.student.layers:
        if isinstance(module, Activated) and module.layer.activation_bits is not None:
            with torch.no_grad():
                module.norm.weight *= torch.where(torch.rand(module.norm.weight.shape) < 0.5, -1.0, 1.0)
                module.norm.weight[0] = -module.norm.weight[0].abs()
    optimiser = torch.optim.AdamW(model.parameters(), 0.02)
    for _ in range(steps):
        images = torch.from_numpy(random_images(32, design.image_size.shape, rng))
        labels = torch.from_numpy(rng.integers(0, design.classes, 32))
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        model.clamp_()
    return model.eval()


@pytest.mark.parametrize("steps", [0, 12], ids=["as initialised", "briefly trained"])
@pytest.mark.parametrize("case", CASES)
def test_network_and_reference_agree_on_every_bit_and_class(case, steps):
    size, layers, levels, per_class = CASES[case]
    design = DesignPoint(
        name="case",
        height=size[0],
        width=size[1],
        channels=size[2] if len(size) == 3 else 1,
        classes=3,
        layers=layers,
        thresholds_per_feature=levels,
        templates_per_class=per_class,
    )
    model = trained_model(design, steps, seed=len(case))
    images = random_images(120, size, np.random.default_rng(99))
    bundle = bundle_of(model, design)
    with torch.no_grad():
        bits = model.student(torch.from_numpy(images)).numpy()
        classes = model.predict(torch.from_numpy(images)).numpy()
    found = pipeline.run(bundle, images)
    assert np.array_equal(bits, found.levels)
    assert np.array_equal(classes, found.label)
    if steps:
        assert 0 < bits.mean() < 1, "the case must exercise both values"


def small_model(weight_bits, bits):
    layers = (conv(3, weight=weight_bits, bits=bits), pointwise(2))
    design = DesignPoint(name="case", height=4, width=4, classes=2, layers=layers)
    return design, trained_model(design, 3, seed=weight_bits * 10 + bits)


@pytest.mark.parametrize("weight_bits", [1, 2, 4, 8])
@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_thresholds_are_right_at_every_possible_accumulator(weight_bits, bits):
    design, model = small_model(weight_bits, bits)
    (first, _), _ = export(model.student, design)
    layer = model.student.layers[0]
    sign = np.sign(layer.norm.weight.detach().numpy())
    lowest, highest = accumulator_range(first.weight, 255)
    for channel, (low, high) in enumerate(zip(lowest, highest, strict=True)):
        every = np.arange(low, high + 1)
        sums = torch.zeros(1, 3, len(every))
        sums[0, channel] = torch.from_numpy(every * sign[channel])
        want = layer.activate(sums)[0, channel].numpy()
        assert np.array_equal(np.searchsorted(first.thresholds[channel], every, side="right"), want)


@pytest.mark.parametrize("weight_bits", [1, 2, 4, 8])
@pytest.mark.parametrize("bits", [5, 6, 7, 8])
def test_wide_activations_are_right_at_every_possible_accumulator(weight_bits, bits):
    design, model = small_model(weight_bits, bits)
    layer = model.student.layers[0]
    with torch.no_grad():
        layer.norm.weight[2] = 0.0
    (first, _), _ = export(model.student, design)
    lowest, highest = accumulator_range(first.weight, 255)
    every = np.arange(lowest.min(), highest.max() + 1).reshape(1, 1, 1, -1).repeat(3, axis=1)
    sign = np.where(layer.norm.weight.detach().numpy() < 0, -1, 1).reshape(-1, 1, 1)
    assert set(sign.reshape(-1)) == {-1, 1}
    assert np.array_equal(first.weight, layer.integer_weight().detach().numpy() * sign[..., None])
    want = layer.activate(torch.from_numpy(every * sign).float()).numpy()
    got = frontend.requantise(every, first.requantisation, layer.layer)
    assert np.array_equal(got, want)
    assert np.ptp(got[0, 0]) > 2 ** (bits - 1), "the case must exercise many levels"
    assert np.ptp(got[0, 2]) == 0


def test_level_that_is_never_reached_gets_the_largest_accumulator_plus_one():
    design = DesignPoint(name="case", height=3, width=3, classes=2, layers=(pointwise(2, bits=2), conv(2)))
    model = trained_model(design, 1, seed=0)
    with torch.no_grad():
        model.student.layers[0].norm.bias.fill_(-1e6)
        model.student.quantiser.offset.fill_(1e6)
    parameters, thresholds = export(model.student, design)
    _, highest = accumulator_range(parameters[0].weight, 255)
    assert np.array_equal(parameters[0].thresholds, np.repeat(highest[:, None] + 1, 3, axis=1))
    lowest, _ = accumulator_range(parameters[1].weight, 3)
    assert np.array_equal(thresholds, np.broadcast_to(lowest[:, None], (3, 3, 2, 1)))


def test_channel_with_zero_gain_is_constant():
    design = DesignPoint(name="case", height=4, width=3, classes=2, layers=(conv(3, bits=2), conv(2)))
    model = trained_model(design, 2, seed=5)
    with torch.no_grad():
        model.student.layers[0].norm.weight[1] = 0.0
    images = random_images(40, (4, 3), np.random.default_rng(1))
    bits = model.student(torch.from_numpy(images)).detach().numpy()
    assert np.array_equal(bits, pipeline.levels_of(bundle_of(model, design), images))


def test_binary_search_finds_the_first_integer():
    lowest, highest = np.array([-5, -5, -5, 0]), np.array([10, 10, 10, 0])
    step = torch.tensor([-100.0, 3.0, 11.0, 0.0])
    assert first_true(lambda values: values >= step, lowest, highest).tolist() == [-5, 3, 11, 0]
