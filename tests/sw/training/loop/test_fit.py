"""The training loop: the end is kept, moving average, targets, rates, determinism."""

from dataclasses import replace

import pytest
import torch

from sw.errors import EngramError
from sw.training.determinism import deterministic
from sw.training.loop import fit as loop
from sw.training.loop.fit import fit
from sw.training.loop.losses import Targets
from sw.training.loop.trainable import Split, accuracy
from tests.helpers.trainings import ONE_STEP, SHORT, Counting, Linear, Memory, pixels, same_state, train


@pytest.fixture
def split():
    return pixels()


@pytest.fixture
def reaching(monkeypatch):
    """Validation gives the accuracies of a list, one after the other."""

    def prepare(accuracies):
        reached = iter(accuracies)
        monkeypatch.setattr(loop, "accuracy", lambda *_: next(reached))

    return prepare


def test_training_learns_and_the_same_seed_gives_the_same_bits(split):
    states, logs = [], []
    for seed in (1, 1, 2):
        run = Memory()
        with deterministic(seed):
            model = Linear()
            assert train(model, split, SHORT, 120, run)
        assert accuracy(model, split) > 0.9
        states.append(model.state_dict())
        logs.append(run.rows)
    assert same_state(states[0], states[1]) and logs[0] == logs[1]
    assert not same_state(states[0], states[2])


def test_the_end_is_kept_however_validation_goes(split, reaching):
    reaching([0.5, 0.8, 0.8, 0.7])
    model, run = Counting("aabb"), Memory()
    assert train(model, split, ONE_STEP, 4, run)
    assert model.layer.bias.tolist() == [4, 4]
    assert not model.training
    assert [row["validation"] for row in run.rows] == [0.5, 0.8, 0.8, 0.7]
    assert [row["epoch"] for row in run.rows] == [1, 2, 3, 4]
    assert [row["phase"] for row in run.rows] == list("aabb")


def test_validations_on_the_way_settle_on_fewer_images_than_the_end(split, monkeypatch):
    shown = []
    monkeypatch.setattr(loop, "settle", lambda model, images: shown.append(len(images)))
    monkeypatch.setattr(loop, "WATCHED", 3)
    assert train(Counting("aaaa"), split, ONE_STEP, 4)
    everything = len(split.images)
    assert everything > 3 and shown == [3, 3, 3, everything, everything]


def test_a_phase_may_begin_within_an_epoch(split):
    model, run = Counting(phases="aaaa" + "abbb" + "bbbb"), Memory()
    assert train(model, split, SHORT, 3, run)
    assert [row["phase"] for row in run.rows] == list("abb")


def test_long_trainings_are_validated_a_limited_number_of_times_and_at_the_end(split, reaching, monkeypatch):
    monkeypatch.setattr(loop, "VALIDATIONS", 3)
    reaching([0.5, 0.4, 0.3])
    model, run = Counting(phases="aabbbbb"), Memory()
    assert train(model, split, ONE_STEP, 7, run)
    assert [row["validation"] for row in run.rows] == [None, None, 0.5, None, None, 0.4, 0.3]


class Normed(Linear):
    """With a batch norm behind."""

    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(2)

    def forward(self, images):
        return self.norm(super().forward(images))


@pytest.mark.parametrize("ema_decay", [0.0, 0.9])
def test_looking_more_often_changes_nothing(split, monkeypatch, ema_decay):
    recipe = replace(SHORT, shift=1.0, ema_decay=ema_decay)
    models, runs = [], []
    for often in (1, 9):
        monkeypatch.setattr(loop, "VALIDATIONS", often)
        with deterministic(0):
            model, run = Normed(), Memory()
            train(model, split, recipe, 9, run)
        models.append(model)
        runs.append([(row["loss"], row["validation"]) for row in run.rows])
    assert same_state(models[0].state_dict(), models[1].state_dict())
    assert [loss for loss, _ in runs[0]] == [loss for loss, _ in runs[1]]
    assert sum(reached is not None for _, reached in runs[0]) == 1
    assert runs[0][-1] == runs[1][-1] == (runs[0][-1][0], accuracy(models[0], split))


def test_statistics_are_those_of_the_network_that_is_kept(split):
    model = Normed()
    train(model, split, replace(SHORT, learning_rate=1.0), 3)
    found = model.norm.running_mean.clone()
    with torch.no_grad():
        sums = model.layer(split.images.flatten(1).float() / 255)
    assert torch.allclose(found, sums.mean(dim=0), atol=1e-5)


@pytest.mark.parametrize("decay", [0.5, 0.9])
def test_moving_average_is_validated_and_kept(split, monkeypatch, decay):
    taken, validated = [], []

    class Watched(Linear):
        def clamp_(self):
            taken.append(self.layer.weight.detach().double().clone())

    original = loop.accuracy
    monkeypatch.setattr(
        loop, "accuracy", lambda model, part: validated.append(model) or original(model, part)
    )
    model = Watched()
    assert train(model, split, replace(SHORT, ema_decay=decay), 1)
    average = taken[0]
    for weight in taken[1:]:
        average = decay * average + (1 - decay) * weight
    assert len(taken) == 4
    assert torch.allclose(model.layer.weight.double(), average, rtol=0, atol=1e-7)
    assert not torch.allclose(model.layer.weight.double(), taken[-1], rtol=0, atol=1e-4)
    assert validated[0] is not model and torch.equal(validated[0].layer.weight, model.layer.weight)


def test_moving_average_does_not_touch_the_training(split):
    runs = []
    for decay in (0.0, 0.7):
        with deterministic(0):
            run = Memory()
            train(Linear(), split, replace(SHORT, ema_decay=decay), 3, run)
            runs.append(run)
    assert [row["loss"] for row in runs[0].rows] == [row["loss"] for row in runs[1].rows]


def test_every_epoch_shows_every_image_once_with_its_own_answers(split):
    seen = []

    class Recorded(Targets):
        def of(self, chosen, mirrored):
            seen.append((chosen, mirrored))
            return super().of(chosen, mirrored)

    class Shown(Linear):
        def outputs(self, images):
            if self.training:
                shown.append(images)
            return super().outputs(images)

    shown = []
    answers = Recorded(torch.randn(64, 2), torch.randn(64, 2))
    train(Shown(), split, replace(SHORT, distil="static", flip=True), 2, targets=answers)
    assert len(seen) == len(shown) == 8
    for (chosen, mirrored), images in zip(seen, shown, strict=True):
        upright = split.images[chosen]
        want = torch.where(mirrored[:, None, None], upright.flip(2), upright)
        assert torch.equal(images, want.float())
    for epoch in (seen[:4], seen[4:]):
        assert torch.equal(torch.cat([chosen for chosen, _ in epoch]).sort().values, torch.arange(64))
    assert any(mirrored.any() for _, mirrored in seen)


def test_distillation_follows_the_teacher_against_the_labels(split):
    wrong = Targets(torch.nn.functional.one_hot(1 - split.labels, 2) * 20.0)
    other = Split(split.images, 1 - split.labels)
    recipe = replace(SHORT, distil="static", distil_weight=30.0, temperature=1.0)
    with deterministic(0):
        model = Linear()
        fit(model, split, other, recipe, 40, label="test", targets=wrong)
    assert accuracy(model, split) < 0.1


def test_weight_decay_is_for_what_the_model_says(split):
    class Half(Linear):
        def __init__(self):
            super().__init__()
            self.decaying, self.staying = (torch.nn.Parameter(torch.ones(3)) for _ in range(2))

        def forward(self, images):
            return super().forward(images) + 0 * (self.decaying.sum() + self.staying.sum())

        def decayed(self):
            return [self.decaying]

    model = Half()
    train(model, split, SHORT, 2, weight_decay=0.5)
    assert bool((model.decaying < 1).all()) and torch.equal(model.staying, torch.ones(3))


def test_log_says_temperature_and_agreement_of_a_taught_training_only(split):
    answers = Targets(torch.nn.functional.one_hot(split.labels, 2) * 9.0)
    run, alone = Memory(), Memory()
    dynamic = replace(SHORT, distil="dynamic", temperature=3.0)
    train(Linear(), split, dynamic, 3, run, targets=answers)
    train(Linear(), split, SHORT, 3, alone)
    agreements = [row["agreement"] for row in run.rows]
    assert agreements == sorted(agreements) and 0 < agreements[0] < agreements[-1] < 0.13
    assert [row["temperature"] for row in run.rows] == [1 + 2 * (1 - share) for share in agreements]
    assert {row["temperature"] for row in alone.rows} == {row["agreement"] for row in alone.rows} == {None}
    assert {row["macs_nonzero"] for row in run.rows} == {None}


def test_penalty_is_part_of_the_loss(split):
    class Penalised(Linear):
        def penalty(self):
            return 100.0

    runs = []
    for kind in (Linear, Penalised):
        with deterministic(0):
            run = Memory()
            train(kind(), split, SHORT, 1, run)
            runs.append(run.rows[0]["loss"])
    assert runs[1] - runs[0] == pytest.approx(100.0)


def test_learning_rate_rises_and_falls_to_nothing(split):
    run = Memory()
    train(Linear(), split, SHORT, 20, run)
    rates = [row["learning_rate"] for row in run.rows]
    peak = rates.index(max(rates))
    assert peak == 1 and rates[peak] <= SHORT.learning_rate
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] < 1e-5


def test_a_loss_that_is_not_finite_ends_the_training(split):
    class Astray(Linear):
        def penalty(self):
            return float("nan")

    run = Memory()
    with pytest.raises(EngramError) as refusal:
        train(Astray(), split, ONE_STEP, 3, run)
    assert str(refusal.value) == (
        "the loss of the test must stay finite, it is nan in epoch 1; use a smaller learning rate"
    )
    assert len(run.rows) == 1 and not run.states


@pytest.mark.parametrize("steps", [1, 2, 5, 9, 10, 11, 20])
def test_trainings_of_any_number_of_steps_come_to_their_end(split, steps):
    memory = Memory()
    assert train(Linear(), split, replace(SHORT, batch=64), steps, run=memory)
    rates = [row["learning_rate"] for row in memory.rows]
    assert len(rates) == steps
    assert all(0 <= rate <= SHORT.learning_rate for rate in rates)


def test_a_rise_of_one_step_is_made_two():
    assert [loop._rising_share(steps) for steps in (9, 10, 11, 1_000)] == [0.1, 0.2, 0.1, 0.1]
