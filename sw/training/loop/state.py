"""State that a training needs to go on where it stopped, as flat tensors and plain values."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

__all__ = ["Run", "State", "packed", "part_of", "unpacked"]


@dataclass
class State:
    """Everything of one moment of a training.

    Attributes
    ----------
    tensors
        By flat names, such as ``model.layers.0.conv.weight``; contiguous, on the CPU.
    values
        What JSON holds.
    """

    tensors: dict[str, Tensor] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


class Run(Protocol):
    """Where a training keeps its state and log; see :mod:`sw.training.run.folder`."""

    def load(self) -> State | None:
        """The newest state, or None at the start."""

    def save(self, state: State) -> None:
        """Keep a state in place of the one before."""

    def log(self, row: dict[str, float | int | str | None]) -> None:
        """Add a row to the log."""


def packed(
    models: dict[str, dict[str, Tensor]],
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    values: dict[str, Any],
) -> State:
    """State of models (by name, as state dictionaries), optimiser, schedule and random generator."""
    tensors = {f"{name}.{key}": value for name, state in models.items() for key, value in state.items()}
    for index, slots in optimiser.state_dict()["state"].items():
        for slot, value in slots.items():
            tensors[f"optimiser.{index}.{slot}"] = value
    tensors["rng"] = torch.get_rng_state()
    flat = {key: value.detach().cpu().contiguous().clone() for key, value in tensors.items()}
    simple = {key: value for key, value in schedule.state_dict().items() if isinstance(value, int | float)}
    return State(flat, {**values, "schedule": simple, "learning_rate": schedule.get_last_lr()})


def unpacked(
    state: State,
    models: dict[str, nn.Module],
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> None:
    """Put a state back; the inverse of :func:`packed`."""
    for name, model in models.items():
        model.load_state_dict(part_of(state, name))
    description = optimiser.state_dict()
    slots: dict[int, dict[str, Tensor]] = {}
    for key, value in part_of(state, "optimiser").items():
        index, slot = key.split(".", 1)
        slots.setdefault(int(index), {})[slot] = value
    rates = state.values["learning_rate"]
    for group, rate in zip(description["param_groups"], rates, strict=True):
        group["lr"] = rate
    optimiser.load_state_dict({**description, "state": slots})
    for parameter, held in optimiser.state.items():
        for slot, value in held.items():
            if value.ndim:  # not the step count; in the layout of before, so that the same kernels go on
                held[slot] = torch.empty_like(parameter).copy_(value)
    schedule.load_state_dict({**schedule.state_dict(), **state.values["schedule"], "_last_lr": rates})
    torch.set_rng_state(state.tensors["rng"])


def part_of(state: State, name: str) -> dict[str, Tensor]:
    """Tensors whose names start with ``name.``, without it."""
    return {
        key.removeprefix(f"{name}."): value
        for key, value in state.tensors.items()
        if key.startswith(f"{name}.")
    }
