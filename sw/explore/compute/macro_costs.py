"""Costs of points with a macro: array, converters, drivers and digital parts in one node.

Energy is that of :mod:`sw.energy.in_macro`, area and time are those of :mod:`sw.energy.macros.price`.
Converters are the macro's own, with the resolution and the sharing of the point. Cells that a design leaves
empty take area.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.energy.accounting import paper_nj
from sw.energy.constants import Constants
from sw.energy.digital import DigitalWork, parts_nj
from sw.energy.in_macro import array_nj
from sw.energy.macros.macro import Macro
from sw.energy.macros.parts import Geometry
from sw.energy.macros.price import area_um2, time_ns
from sw.energy.technologies.technology import Technology
from sw.energy.work import conversion_bits, matches, storage_bits
from sw.explore.compute.images import Images
from sw.explore.compute.pricing import with_time
from sw.explore.space.settings import Variant
from sw.rram.effects.conditions import Conditions

__all__ = ["MacroCosts"]

FrontEnd = Callable[[Bundle, Technology], Mapping[str, DigitalWork]]
"""Work of the front end of a bundle by part, as it is built for the least energy in a technology."""

MM2_PER_UM2 = 1e-6


class MacroCosts:
    """Costs of points of some variants; what points share is worked out once.

    Parameters
    ----------
    macro
        The array.
    paper
        Constants of the paper's accounting, which no macro changes.
    front_end
        What stands in front of the array.
    """

    def __init__(self, macro: Macro, paper: Constants, front_end: FrontEnd) -> None:
        self._macro, self._paper, self._front_end = macro, paper, front_end
        self._held: dict[Any, dict[str, float]] = {}

    @property
    def constants(self) -> list[dict[str, Any]]:
        """See :class:`sw.explore.compute.pricing.Pricing`."""
        paper = {name: getattr(self._paper, name).model_dump() for name in ("paper_mac", "paper_cell")}
        return [paper, self._macro.model_dump(mode="json"), self._macro.node.model_dump(mode="json")]

    @property
    def rules(self) -> tuple[Callable[..., Any], ...]:
        """See :class:`sw.explore.compute.pricing.Pricing`."""
        return (MacroCosts.columns, self._front_end)

    def columns(
        self,
        variant: Variant,
        bundle: Bundle,
        images: Images,
        design: DesignPoint,
        conditions: Conditions,
    ) -> dict[str, float]:
        """See :class:`sw.explore.compute.pricing.Pricing`."""
        tiles = design.row_tiles * design.col_tiles
        geometry = geometry_of(design, self._macro)
        area = area_um2(self._macro, geometry, tiles)
        in_use = geometry.model_copy(update={"cols": min(design.cols, design.templates)})
        return {
            **with_time(self._energies(variant, bundle, images, design), time_ns(self._macro, in_use)),
            "area_mm2": sum(area.values()) * MM2_PER_UM2,
            "area_cells_mm2": area["cells"] * MM2_PER_UM2,
            "area_adcs_mm2": area["converters"] * MM2_PER_UM2,
            "area_drivers_mm2": area["word_lines"] * MM2_PER_UM2,
            "area_control_mm2": area["control"] * MM2_PER_UM2,
            "storage_bits": _stored(bundle),
        }

    def _energies(
        self, variant: Variant, bundle: Bundle, images: Images, design: DesignPoint
    ) -> dict[str, float]:
        key = variant, design.rows, design.cols, design.adc_bits
        if key not in self._held:
            mean = self._mean_matches(variant, bundle, images)
            parts = dict(self._of_front_end(variant, bundle))
            parts |= array_nj(bundle, self._macro, design, mean)
            self._held[key] = {
                "energy_paper_nj": sum(paper_nj(bundle, design, self._paper)[0].values()),
                "energy_full_nj": sum(parts.values()),
                **{f"energy_{part}_nj": value for part, value in parts.items()},
            }
        return self._held[key]

    def _of_front_end(self, variant: Variant, bundle: Bundle) -> dict[str, float]:
        """Of one image; templates and array have no part in it."""
        key = ("front end", variant.bundle)
        if key not in self._held:
            self._held[key] = parts_nj(self._front_end(bundle, self._macro.node), self._macro.node)
        return self._held[key]

    def _mean_matches(self, variant: Variant, bundle: Bundle, images: Images) -> float:
        """Of one image; it depends on the templates alone, and takes longest of all."""
        key = (variant,)
        if key not in self._held:
            self._held[key] = {"matches": matches(bundle, images.levels) / len(images.levels)}
        return self._held[key]["matches"]


def geometry_of(design: DesignPoint, macro: Macro) -> Geometry:
    """A tile of a design, with the converters that the longest tile needs."""
    return macro.geometry.model_copy(
        update={
            "rows": design.rows,
            "cols": design.cols,
            "cols_per_adc": design.cols_per_adc,
            "output_bits": max(conversion_bits(design)),
            "input_bits": 1,
        }
    )


@cache
def _stored(bundle: Bundle) -> int:
    return storage_bits(bundle)["total"]
