"""Trainings that are interrupted: what Ctrl-C keeps, when state is saved, and that the rest is the same."""

from dataclasses import replace

import pytest

from sw.system.signals import Ended
from sw.training.determinism import deterministic
from sw.training.loop import fit as loop
from tests.helpers.trainings import (
    ONE_STEP,
    SHORT,
    Counting,
    Died,
    Linear,
    Memory,
    pixels,
    same_state,
    train,
)


@pytest.fixture
def split():
    return pixels()


def test_ctrl_c_keeps_the_last_whole_epoch(split):
    model = Counting(interrupt_at=3)
    assert not train(model, split, ONE_STEP, 9)
    assert model.layer.bias.tolist() == [2, 2]
    assert not model.training


@pytest.mark.parametrize(("phases", "at"), [("a" * 9, 1), ("aaabbbbbb", 3), ("aaabbbbbb", 4)])
def test_ctrl_c_before_an_epoch_of_the_last_phase_has_ended_goes_on_up(split, phases, at):
    with pytest.raises(KeyboardInterrupt):
        train(Counting(phases, interrupt_at=at), split, ONE_STEP, 9)


def test_ctrl_c_in_the_last_phase_keeps_its_last_whole_epoch(split):
    model = Counting("aabbbbbbb", interrupt_at=5)
    assert not train(model, split, ONE_STEP, 9)
    assert model.layer.bias.tolist() == [4, 4]


def test_a_signal_that_a_library_took_ends_the_training_at_the_next_step(split, monkeypatch):
    steps = iter([None, Ended])

    def heard():
        if end := next(steps):
            raise end

    monkeypatch.setattr(loop, "raise_again", heard)
    with pytest.raises(Ended):
        train(Linear(), split, replace(ONE_STEP, batch=1), 9)


def test_ctrl_c_soon_after_a_training_goes_on_keeps_what_it_had(split, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_SECONDS", -1.0)
    before = Memory(dies_at=5)
    with pytest.raises(Died):
        train(Counting(), split, ONE_STEP, 9, before)
    model = Counting(interrupt_at=5)
    assert not train(model, split, ONE_STEP, 9, Memory(before.states[-1]))
    assert model.layer.bias.tolist() == [4, 4]


def test_state_is_saved_at_first_after_a_while_and_at_the_end(split, monkeypatch):
    run = Memory()
    train(Linear(), split, SHORT, 5, run)
    assert [state.values["epoch"] for state in run.states] == [1, 5]
    monkeypatch.setattr(loop, "SAVE_SECONDS", -1.0)
    run = Memory()
    train(Linear(), split, SHORT, 5, run)
    assert [state.values["epoch"] for state in run.states] == [1, 2, 3, 4, 5]


def test_a_finished_training_is_not_trained_again(split, monkeypatch):
    run = Memory()
    with deterministic(0):
        model = Linear()
        train(model, split, SHORT, 5, run)
    again = Memory(run.states[-1], dies_at=1)
    other = Linear()
    assert train(other, split, SHORT, 5, again)
    assert same_state(other.state_dict(), model.state_dict())
    assert again.rows == []


@pytest.mark.parametrize("ema_decay", [0.0, 0.6])
@pytest.mark.parametrize("death", [1, 2, 3])
def test_any_classifier_goes_on_where_it_died(split, monkeypatch, ema_decay, death):
    monkeypatch.setattr(loop, "SAVE_SECONDS", -1.0)
    recipe = replace(SHORT, shift=1.0, ema_decay=ema_decay)
    whole, piece = Memory(), Memory(dies_at=death + 1)
    with deterministic(0):
        model = Linear()
        train(model, split, recipe, 4, whole)
    with deterministic(0), pytest.raises(Died):
        train(Linear(), split, recipe, 4, piece)
    rest = Memory(piece.states[-1])
    with deterministic(9):
        other = Linear()
        train(other, split, recipe, 4, rest)
    assert piece.rows[:death] + rest.rows == whole.rows
    assert same_state(other.state_dict(), model.state_dict())
    assert same_state(rest.states[-1].tensors, whole.states[-1].tensors)
