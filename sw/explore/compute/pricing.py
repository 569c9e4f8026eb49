"""What gives the costs of points: the model without a macro, or that of a macro."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.explore.compute.images import Images
from sw.explore.space.settings import Variant
from sw.rram.effects.conditions import Conditions

__all__ = ["Pricing", "with_time"]

NS_PER_S = 1e9


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
        """Columns of a point: those of :func:`with_time`, area in all and by part, storage.

        Parameters
        ----------
        variant, bundle, images
            Which templates, and what their cells are asked to match.
        design, conditions
            Of the point.
        """


def with_time(energies: Mapping[str, float], latency_ns: float) -> dict[str, float]:
    """Columns of the energy, and those that follow from the time of the array.

    The array takes one image after the other: an image is in it for the whole latency, in which all tiles and
    all converters work side by side, and the match lines that share a converter come in turn.

    Parameters
    ----------
    energies
        ``energy_full_nj`` and others, which are kept.
    latency_ns
        From the word lines' rise to the last code.
    """
    return {
        **energies,
        "latency_ns": latency_ns,
        "throughput_per_s": NS_PER_S / latency_ns,
        "energy_delay_nj_ns": energies["energy_full_nj"] * latency_ns,
    }
