"""What gives the costs of points: the model without a macro, or that of a macro."""

from collections.abc import Callable
from typing import Any, Protocol

from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.explore.compute.images import Images
from sw.explore.space.settings import Variant
from sw.rram.effects.conditions import Conditions

__all__ = ["Pricing"]


class Pricing(Protocol):
    """Costs of points; all of them are modelled, none is measured."""

    @property
    def constants(self) -> list[dict[str, Any]]:
        """All constants that the costs follow from, as JSON values."""

    @property
    def rules(self) -> tuple[Callable[..., Any], ...]:
        """Functions whose code decides about costs."""

    def columns(
        self,
        variant: Variant,
        bundle: Bundle,
        images: Images,
        design: DesignPoint,
        conditions: Conditions,
    ) -> dict[str, float]:
        """Columns of a point: energy in all and by part, latency, area in all and by part, storage.

        Parameters
        ----------
        variant, bundle, images
            Which templates, and what their cells are asked to match.
        design, conditions
            Of the point.
        """
