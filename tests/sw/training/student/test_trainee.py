"""Student and head in training: phases, pruning within its budget, chips, and exactness of the export."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from sw.design import Layer
from sw.reference import pipeline
from sw.training.determinism import deterministic
from sw.training.loop import settle as settle_module
from sw.training.loop.fit import fit
from sw.training.loop.settle import settle
from sw.training.recipe import Recipe
from sw.training.student.heads import DenseHead
from sw.training.student.noise_aware import STEPS_PER_CHIP, TrainingChips
from sw.training.student.pruning import START, STOP, budget_at
from sw.training.student.trainee import PRUNING_STEPS, Trainee
from tests.helpers.trainings import BUDGET, DESIGN, EVERYTHING, NOISE, Memory, bundle_of, split_of

pytestmark = pytest.mark.usefixtures("one_thread")
PLAIN = replace(EVERYTHING, distil="none", soft_share=0.0, macs_nonzero=None, ema_decay=0.0)
TRAIN = split_of(90, 0)
STEPS = 500


def trainee(seed=0, learned=True, chips=None, **changes):
    torch.manual_seed(seed)
    return Trainee(DESIGN, learned, replace(PLAIN, **changes), chips)


def layers_of(model):
    return list(model.student.layers)


def masks_of(model):
    return torch.cat([layer.stays.flatten() for layer in layers_of(model)])


def kept_macs(model):
    return sum(int(layer.stays.sum()) * layer.pixels for layer in layers_of(model))


def noise_images(count):
    return np.random.default_rng(8).integers(0, 256, (count, 6, 5)).astype(np.uint8)


def test_statistics_are_those_of_the_network_as_it_is_used(monkeypatch):
    """An even background on the edge between two levels: whole batches of it come out on either side."""
    monkeypatch.setattr(settle_module, "EVALUATION_BATCH", 20)
    images = torch.from_numpy(noise_images(200)).clone()
    images[:, :4] = 0  # in the batches of a training it is now above, now below the edge
    model = trainee()
    settle(model, images)
    first, norm = layers_of(model)[0], model.student.quantiser.norm
    _, offset = first.affine()
    first.norm.bias.data -= (offset - 0.5 - (offset - 0.5).round()).float()
    settle(model, images)
    model.eval()
    with torch.no_grad():
        batches = [model.student.feature_map(part) for part in images.split(20)]
    means = torch.stack([each.mean(dim=(0, 2, 3)) for each in batches])
    variances = torch.stack([each.var(dim=(0, 2, 3)) for each in batches])
    assert torch.allclose(norm.running_mean, means.mean(dim=0), rtol=1e-4, atol=1e-4)
    assert torch.allclose(norm.running_var, variances.mean(dim=0), rtol=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"precision": "bfloat16"},
        {"ema_decay": 0.0, "precision": "bfloat16"},
        {"soft_share": 0.0},
        {"macs_nonzero": None},
        {"macs_nonzero": 600, "soft_share": 0.5},
    ],
    ids=str,
)
def test_export_of_a_trained_student_is_exact(changes):
    recipe = replace(EVERYTHING, distil="none", **changes)
    with deterministic(1):
        model = Trainee(DESIGN, True, recipe)
        model.to(memory_format=torch.channels_last)
        run = Memory()
        fit(model, TRAIN, split_of(30, 1), recipe, recipe.epochs, label="test", run=run)
        images = np.concatenate([noise_images(300), TRAIN.images.numpy()])
        with torch.no_grad():
            bits = model.student(torch.from_numpy(images)).numpy()
            classes = model.predict(torch.from_numpy(images)).numpy()
    bundle = bundle_of(model, DESIGN)
    found = pipeline.run(bundle, images)
    assert np.array_equal(found.levels, bits)
    assert np.array_equal(found.label, classes)
    assert len(np.unique(classes)) > 1 and 0.05 < bits.mean() < 0.95, "the case must exercise both values"
    exported = sum(
        np.count_nonzero(part.weight) * layer.pixels
        for part, layer in zip(bundle.frontend, layers_of(model), strict=True)
    )
    assert exported == model.macs_nonzero()
    if recipe.macs_nonzero is not None:
        assert 0 < exported <= recipe.macs_nonzero
        assert run.rows[-1]["macs_nonzero"] <= recipe.macs_nonzero
        for part, layer in zip(bundle.frontend, layers_of(model), strict=True):
            assert not layer.stays.all()
            assert np.all(part.weight[~layer.stays.numpy()] == 0)


def test_validation_of_a_training_is_the_integer_reference():
    validation = split_of(60, 1)
    run = Memory()
    with deterministic(2):
        model = Trainee(DESIGN, True, EVERYTHING)
        fit(model, TRAIN, validation, EVERYTHING, EVERYTHING.epochs, label="test", run=run)
    found = pipeline.run(bundle_of(model, DESIGN), validation.images.numpy()).label
    assert run.rows[-1]["validation"] == np.mean(found == validation.labels.numpy())


def test_phases_are_named_and_follow_each_other():
    model = trainee(soft_share=0.3, macs_nonzero=BUDGET)
    names = [model.phase(step, STEPS) for step in range(STEPS)]
    order = list(dict.fromkeys(names))
    assert order == ["soft pruning", "quantised pruning", "quantised"]
    assert names == sorted(names, key=order.index)
    assert names.index("quantised pruning") == 0.3 * STEPS
    assert STOP * STEPS < names.index("quantised") <= (STOP + 0.01) * STEPS
    plain = trainee()
    assert {plain.phase(step, STEPS) for step in range(STEPS)} == {"quantised"}


def test_asking_for_the_phase_changes_nothing():
    model = trainee(soft_share=0.9, macs_nonzero=BUDGET)
    model.phase(STEPS - 1, STEPS)
    assert masks_of(model).all()
    assert not any(layer.soft for layer in layers_of(model))


@pytest.mark.parametrize("steps", [3, 7, 18, 50, 199, 200, 399, 400, 777, 1_300])
def test_pruning_never_exceeds_the_budget_and_is_over_in_the_last_phase(steps):
    model = trainee(macs_nonzero=BUDGET)
    full = 54 * 30 + 216 * 30
    stride = max(1, steps // PRUNING_STEPS)
    final = None
    for step in range(steps):
        before = masks_of(model)
        with torch.no_grad():  # as training would
            for layer in layers_of(model):
                layer.conv.weight.add_(0.05 * torch.randn_like(layer.conv.weight))
        model.advance(step, steps)
        if step / steps < START:
            assert masks_of(model).all()
        updated = step // stride * stride
        if final is None and updated / steps <= STOP:
            assert kept_macs(model) <= budget_at(updated / steps, full, BUDGET)
        if model.phase(step, steps) == "quantised":
            final = before if final is None else final
            assert torch.equal(masks_of(model), final)
        if final is not None or updated / steps >= STOP:
            assert BUDGET - 30 < kept_macs(model) <= BUDGET
            assert model.macs_nonzero() <= BUDGET
    assert final is not None or steps == 3


def test_weights_may_come_back_until_pruning_is_over():
    model = trainee(macs_nonzero=BUDGET)
    layer = layers_of(model)[1]
    model.advance(int(0.5 * STEPS), STEPS)
    index = tuple(torch.nonzero(~layer.stays)[0])
    with torch.no_grad():
        layer.conv.weight[index] = 1.0
    assert layer.integer_weight()[index] == 0
    model.advance(int(0.5 * STEPS) + 1, STEPS)
    assert layer.stays[index] and layer.integer_weight()[index] == 7
    with torch.no_grad():
        layer.conv.weight[index] = 1e-6
    model.advance(int(STOP * STEPS), STEPS)
    assert not layer.stays[index]
    with torch.no_grad():
        layer.conv.weight[index] = 1.0
    before = masks_of(model)
    for step in range(int((STOP + 0.01) * STEPS), STEPS):
        model.advance(step, STEPS)
    assert torch.equal(masks_of(model), before)


def test_soft_phase_is_real_valued_in_training_and_evaluation():
    model = trainee(soft_share=0.5)
    images = torch.from_numpy(noise_images(60))
    model.train()
    model.advance(0, 10)
    assert all(layer.soft for layer in layers_of(model))
    model(images)  # statistics of one batch
    model.eval()
    first, last = layers_of(model)
    with torch.no_grad():
        first.conv.weight.mul_(4)  # some beyond their bounds
        values = images[:, None].double()
        weight = first.conv.weight.clamp(-1, 1).double()
        norm = first.norm
        sums = functional.conv2d(values, weight, padding=1)
        spread = (norm.running_var.double() + norm.eps).sqrt()
        scale, shift = norm.weight.double() / spread, norm.running_mean.double()
        levels = (sums - shift.view(1, -1, 1, 1)) * scale.view(1, -1, 1, 1)
        levels = (levels + norm.bias.double().view(1, -1, 1, 1)).clamp(0, 3)
        want = functional.conv2d(levels, last.conv.weight.clamp(-1, 1).double() * 7, padding=1)
        soft = model.student.feature_map(images)
        assert torch.allclose(soft.double(), want, rtol=1e-4, atol=1e-3)
        assert not torch.equal(soft, soft.round())
        assert set(model.student(images).unique().tolist()) == {0.0, 1.0}
        soft_classes = model.predict(images)
        model.advance(5, 10)
        hard = model.student.feature_map(images)
    assert torch.equal(hard, hard.round())
    assert not torch.equal(hard, soft)
    bundle = bundle_of(model, DESIGN)
    assert np.array_equal(pipeline.run(bundle, images.numpy()).label, model.predict(images).numpy())
    assert soft_classes.shape == (60,)


class Recorded(TrainingChips):
    """Writes down which chips were programmed."""

    def __init__(self, *given):
        super().__init__(*given)
        self.programmed = []

    def program(self, templates, chip):
        self.programmed.append((chip, templates))
        super().program(templates, chip)


@pytest.mark.parametrize("soft", [True, False])
def test_a_weight_that_was_driven_out_of_bounds_comes_back_if_weights_decay(soft):
    resting = trainee()
    with torch.no_grad():
        layers_of(resting)[0].conv.weight.fill_(3.0)
    resting.clamp_()
    assert bool((layers_of(resting)[0].conv.weight == 3).all())
    model = trainee(weight_decay=0.1)
    first = layers_of(model)[0]
    first.soft = soft
    with torch.no_grad():
        first.conv.weight.fill_(3.0)
    model.clamp_()
    assert torch.equal(first.conv.weight, torch.ones_like(first.conv.weight))
    (gradient,) = torch.autograd.grad(first.integer_weight().sum(), first.conv.weight)
    assert bool((gradient > 0).all())


def test_a_weight_of_one_bit_stays_where_a_step_can_turn_it():
    signs = DESIGN.with_(layers=(Layer(kind="conv3x3", out_channels=4, weight_bits=1),))
    model = Trainee(signs, True, Recipe(1, 1, 1))
    (layer,) = layers_of(model)
    with torch.no_grad():
        layer.conv.weight.fill_(-3.0)
    model.clamp_()
    assert bool((layer.conv.weight == -1).all())


def test_weight_decay_is_for_convolution_weights_only():
    model = trainee()
    assert list(map(id, model.decayed())) == [id(layer.conv.weight) for layer in layers_of(model)]


def test_learned_templates_answer_as_chips_do_in_quantised_training_only():
    chips = Recorded(DESIGN, *NOISE, 0)
    model = trainee(chips=chips, soft_share=0.5)
    images = torch.from_numpy(noise_images(20))
    model.train()
    with torch.no_grad():
        model.advance(0, 10)
        logits, bits = model.outputs(images)
        assert torch.equal(logits, model.head(bits))
        model.advance(5, 10)
        logits, bits = model.outputs(images)
        assert not torch.equal(logits, model.head(bits))
        assert torch.equal(logits, model.head(bits, chips.error(bits)))
        model.eval()
        logits, bits = model.outputs(images)
        assert torch.equal(logits, model.head(bits))
    ((chip, templates),) = chips.programmed
    assert chip == 5 // STEPS_PER_CHIP
    assert np.array_equal(templates, model.head.templates())


def test_a_chip_serves_its_steps_and_every_epoch_begins_with_one():
    chips = Recorded(DESIGN, *NOISE, 0)
    recipe = replace(PLAIN, batch=9)  # ten steps an epoch
    with deterministic(0):
        fit(Trainee(DESIGN, True, recipe, chips), TRAIN, TRAIN, recipe, 2, label="test")
    assert [chip for chip, _ in chips.programmed] == [0, 1, 1, 2]


def test_chips_are_nothing_to_a_dense_head():
    chips = Recorded(DESIGN, *NOISE, 0)
    model = trainee(learned=False, chips=chips)
    assert isinstance(model.head, DenseHead)
    model.train()
    model.advance(0, 10)
    logits, bits = model.outputs(torch.from_numpy(noise_images(5)))
    assert torch.equal(logits, model.head(bits))
    assert chips.programmed == []
    assert model.penalty() == 0.0


def test_penalty_is_weighted():
    model = trainee(diversity_weight=0.25)
    with torch.no_grad():
        model.head.latent.fill_(0.05)
    assert model.penalty().item() == pytest.approx(0.25)
    assert trainee(diversity_weight=0.0).penalty() == 0.0


def test_forward_is_the_logits_of_outputs():
    model = trainee().eval()
    images = torch.from_numpy(noise_images(10))
    assert torch.equal(model(images), model.outputs(images)[0])
