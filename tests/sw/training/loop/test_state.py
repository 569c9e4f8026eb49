"""Checkpoints: everything comes back as it was, and a student goes on to the same bits from any epoch."""

from dataclasses import replace

import pytest
import torch

from sw.training.determinism import deterministic
from sw.training.loop import fit as loop
from sw.training.loop.fit import fit
from sw.training.loop.losses import Targets
from sw.training.loop.state import State, packed, part_of, unpacked
from sw.training.run.folder import RunFolder
from sw.training.student.noise_aware import TrainingChips
from sw.training.student.trainee import Trainee
from tests.helpers.trainings import DESIGN, EVERYTHING, NOISE, Died, Memory, bundle_of, same_state, split_of


def moving_parts(seed):
    torch.manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    model.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), 0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.1, total_steps=9, cycle_momentum=False)
    return model, optimiser, schedule


def step(model, optimiser, schedule):
    loss = model(torch.randn(2, 3, 5, 5)).square().sum() + model[0].weight.sum()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    schedule.step()


def test_moving_parts_come_back():
    model, optimiser, schedule = moving_parts(0)
    for _ in range(3):
        step(model, optimiser, schedule)
    state = packed({"model": model.state_dict()}, optimiser, schedule, {"epoch": 3})
    assert state.values["epoch"] == 3
    assert all(value.device.type == "cpu" and value.is_contiguous() for value in state.tensors.values())
    step(model, optimiser, schedule)
    assert not same_state(part_of(state, "model"), model.state_dict()), "a state is a copy"
    others = moving_parts(7)
    unpacked(state, {"model": others[0]}, *others[1:])
    step(*others)
    assert same_state(others[0].state_dict(), model.state_dict())
    assert others[2].get_last_lr() == schedule.get_last_lr()
    for parameter, held in others[1].state.items():
        assert held["exp_avg"].stride() == held["exp_avg_sq"].stride() == parameter.stride()
        assert held["step"].shape == ()


def test_part_of_takes_whole_names_only():
    state = State({"best.a.b": torch.ones(1), "bester.c": torch.ones(2), "rng": torch.ones(3)})
    assert list(part_of(state, "best")) == ["a.b"]
    assert part_of(state, "be") == {}


TRAIN, VALIDATION = split_of(90, 0), split_of(30, 1)


def trained(recipe, run, seed=0):
    """The student after a training with everything switched on."""
    with deterministic(seed):
        answers = Targets(*torch.randn(2, 90, 3, generator=torch.Generator().manual_seed(5)))
        model = Trainee(DESIGN, True, recipe, TrainingChips(DESIGN, *NOISE, seed=3))
        model.to(memory_format=torch.channels_last)
        fit(model, TRAIN, VALIDATION, recipe, recipe.epochs, label="test", targets=answers, run=run)
    return model


RECIPES = {
    "float32": EVERYTHING,
    "bfloat16": replace(EVERYTHING, precision="bfloat16"),
    "no average": replace(EVERYTHING, ema_decay=0.0),
}


@pytest.mark.parametrize("name", RECIPES)
def test_a_student_goes_on_from_any_epoch_to_the_same_bits(name, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_SECONDS", -1.0)
    recipe, whole = RECIPES[name], Memory()
    model = trained(recipe, whole)
    want = bundle_of(model, DESIGN).to_bytes()
    phases = [row["phase"] for row in whole.rows]
    assert len(set(phases)) == 3, "the training must have soft, pruning and last epochs"
    assert len(whole.states) == recipe.epochs
    for epoch, state in enumerate(whole.states, 1):
        rest = Memory(state)
        other = trained(recipe, rest, seed=epoch)
        assert rest.rows == whole.rows[epoch:]
        assert same_state(other.state_dict(), model.state_dict())
        assert bundle_of(other, DESIGN).to_bytes() == want
        if epoch < recipe.epochs:
            assert same_state(rest.states[-1].tensors, whole.states[-1].tensors)
            assert rest.states[-1].values == whole.states[-1].values


def columns(path):
    """Rows of a log without the seconds, its last column."""
    return [line.rpartition(",")[0] for line in path.read_text().splitlines()]


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_a_student_that_dies_in_every_epoch_is_the_one_in_one_piece(name, monkeypatch, tmp_path):
    monkeypatch.setattr(loop, "SAVE_SECONDS", -1.0)
    recipe = RECIPES[name]
    with RunFolder(tmp_path / "whole", {}) as run:
        want = bundle_of(trained(recipe, run.part("student")), DESIGN).to_bytes()
    deaths = 0
    while True:
        with RunFolder(tmp_path / "pieces", {}) as run:
            part = run.part("student")
            original, saves = part.save, []

            def save(state, original=original, saves=saves):
                saves.append(state)
                if len(saves) == 2:  # this epoch is in the log, and lost
                    raise Died
                original(state)

            part.save = save
            try:
                model = trained(recipe, part)
                break
            except Died:
                deaths += 1
    assert deaths == recipe.epochs - 1
    assert bundle_of(model, DESIGN).to_bytes() == want
    logs = [columns(tmp_path / folder / "student.csv") for folder in ("whole", "pieces")]
    assert logs[0] == logs[1]
    assert len(logs[0]) == recipe.epochs + 1


def test_ctrl_c_within_an_epoch_goes_on_too(monkeypatch):
    monkeypatch.setattr(loop, "SAVE_SECONDS", -1.0)
    whole = Memory()
    model = trained(EVERYTHING, whole)
    original, steps = loop.student_loss, []

    def interrupted(*given):
        steps.append(0)
        if len(steps) == 17:  # of 3 each epoch, in the last phase
            raise KeyboardInterrupt
        return original(*given)

    piece = Memory()
    with monkeypatch.context() as patch:
        patch.setattr(loop, "student_loss", interrupted)
        kept = trained(EVERYTHING, piece)
    assert len(piece.states) == 5
    assert same_state(kept.state_dict(), part_of(piece.states[-1], "average.module"))
    rest = Memory(piece.states[-1])
    assert same_state(trained(EVERYTHING, rest, seed=4).state_dict(), model.state_dict())
    assert piece.rows + rest.rows == whole.rows
