"""Student and head as one network to train, with what happens to them on the way."""

from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import Tensor, autocast, nn

from sw.design import DesignPoint
from sw.training.loop.trainable import Classifier
from sw.training.recipe import Recipe
from sw.training.student.activation import Activated
from sw.training.student.heads import DenseHead, TemplateHead
from sw.training.student.network import QuantisedLayer, Student
from sw.training.student.noise_aware import STEPS_PER_CHIP, TrainingChips
from sw.training.student.pruning import STOP, budget_at, masks_within

__all__ = ["Trainee"]

SOFT_SPREAD = 0.3
"""Of real-valued weights at the start, by their bound."""
PRUNING_STEPS = 400
"""Updates of the pruned weights in a whole training."""


class Trainee(Classifier):
    """Student and head, trained together.

    Parameters
    ----------
    design
        Sizes of the student and number of templates.
    learned
        Learn the templates; if not, a dense head stands in until they are made.
    recipe
        ``soft_share``, ``macs_nonzero``, ``latent_bound`` and ``diversity_weight``.
    chips
        What learned templates are programmed into once weights are quantised; None is the ideal array.
    """

    def __init__(
        self, design: DesignPoint, learned: bool, recipe: Recipe, chips: TrainingChips | None = None
    ):
        super().__init__()
        self.recipe, self.chips, self._programmed = recipe, chips, False
        self.student = Student(design)
        if recipe.soft_share:
            for layer in self._layers():
                nn.init.uniform_(layer.conv.weight, -SOFT_SPREAD, SOFT_SPREAD)
        self.head = (
            TemplateHead(design.features, design.classes, design.templates_per_class, recipe.latent_bound)
            if learned
            else DenseHead(design.features, design.classes)
        )

    def outputs(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, K) and word-line bits (N, F)."""
        bits = self.student(images)
        with autocast(bits.device.type, enabled=False):
            if self.chips and self._programmed and self.training:
                return self.head(bits, self.chips.error(bits)), bits
            return self.head(bits), bits

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, K)."""
        return self.outputs(images)[0]

    def train(self, mode: bool = True) -> "Trainee":
        """Every epoch begins with a new chip, so that one can be gone on from."""
        self._programmed = False
        return super().train(mode)

    def predict(self, images: Tensor) -> Tensor:
        """Classes (N,), by winner-take-all with learned templates."""
        return self.head.predict(self.student(images))

    def in_turn(self) -> list[tuple[nn.Module, Callable[[Tensor], Tensor]]]:
        """Layer by layer, then the quantiser: levels depend on the statistics ahead of them."""
        student = self.student
        layers = [
            (layer, partial(student.feature_map, layers=number))
            for number, layer in enumerate(student.layers, start=1)
        ]
        return [*layers, (student.quantiser, student)]

    def penalty(self) -> Tensor | float:
        """Similarity of the templates of a class, weighted."""
        if self.recipe.diversity_weight and isinstance(self.head, TemplateHead):
            return self.recipe.diversity_weight * self.head.penalty()
        return 0.0

    def phase(self, step: int, steps: int) -> str:
        """``soft`` or ``quantised``, and whether it is still pruned."""
        words = ["soft" if self._is_soft(step, steps) else "quantised"]
        if self._is_pruned(step, steps):
            words.append("pruning")
        return " ".join(words)

    def advance(self, step: int, steps: int) -> None:
        """Round from the end of the soft share on; prune until :data:`sw.training.student.pruning.STOP`."""
        soft = self._is_soft(step, steps)
        for layer in self.student.layers:
            if isinstance(layer, Activated):
                layer.soft = soft
        if not self.training:  # a moving average follows in what it copies
            return
        if step and not soft and self._is_soft(step - 1, steps):
            for layer in self._layers():
                layer.spread_()
        if self.chips and not soft and isinstance(self.head, TemplateHead):
            if step % STEPS_PER_CHIP == 0 or not self._programmed:
                self.chips.program(self.head.templates(), step // STEPS_PER_CHIP)
                self._programmed = True
        if self._is_pruned(step, steps) and step % max(1, steps // PRUNING_STEPS) == 0:
            assert self.recipe.macs_nonzero is not None
            self._prune(budget_at(step / steps, self._macs(), self.recipe.macs_nonzero))

    def macs_nonzero(self) -> int:
        """Multiply-accumulates with a weight that is not zero."""
        return sum(layer.macs_nonzero() for layer in self._layers())

    def decayed(self) -> Iterable[Tensor]:
        """Convolution weights: behind each a norm divides by its scale, and what grows moves ever less."""
        return [layer.conv.weight for layer in self._layers()]

    def clamp_(self) -> None:
        """Keep template latents in bounds, and weights if they decay or are signs.

        A weight out of bounds gets no gradient: without decay it rests there. A sign gets one wherever its
        latent is, and would wander off to where no step turns it.
        """
        self.head.clamp_()
        with torch.no_grad():
            for layer in self._layers():
                if self.recipe.weight_decay or layer.layer.weight_bits == 1:
                    layer.conv.weight.clamp_(-1, 1)

    def _is_soft(self, step: int, steps: int) -> bool:
        return step / steps < self.recipe.soft_share

    def _is_pruned(self, step: int, steps: int) -> bool:
        """Until an update at or after STOP has been; in a short training that is one step in full."""
        if self.recipe.macs_nonzero is None:
            return False
        return step / steps < STOP + max(2 / PRUNING_STEPS, 1 / steps)

    def _layers(self) -> list[QuantisedLayer]:
        return [layer for layer in self.student.layers if isinstance(layer, QuantisedLayer)]

    def _macs(self) -> int:
        return sum(layer.pixels * layer.conv.weight.numel() for layer in self._layers())

    def _prune(self, budget: int) -> None:
        layers = self._layers()
        masks = masks_within(
            [layer.conv.weight for layer in layers], [layer.pixels for layer in layers], budget
        )
        for layer, mask in zip(layers, masks, strict=True):
            layer.stays.copy_(mask)
