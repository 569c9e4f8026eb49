"""Costs of a point: energy, area, latency and storage. All of them are modelled, none is measured.

Area is that of the arrays and their converters, with all cells and converters of every tile, used or not:

    rows x cols cells of ``cell`` x F**2 per tile, and ceil(cols / cols_per_adc) converters of
    ``adc`` x (capacitors x 2**(bits - adc_bits) + (1 - capacitors) x bits / adc_bits)

Latency is from the word lines' rise to the last code: all tiles are read at once, and the match lines of a
converter one after the other, bits + 1 steps each, or 2**bits for converters with a ramp. Front end, drivers,
control and the sum over tiles are in neither. The constants stand in ``macro.toml``. Throughput and the
product of energy and delay follow, see :func:`sw.explore.compute.pricing.with_time`.
"""

from collections.abc import Callable
from functools import cache
from math import ceil
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.energy.accounting import energy_of
from sw.energy.constants import Constant, Constants, read_table, with_unit
from sw.energy.work import conversion_bits, storage_bits
from sw.explore.compute.images import Images
from sw.explore.compute.pricing import with_time
from sw.explore.space.settings import Variant
from sw.rram.adc.kinds import KINDS
from sw.rram.effects.conditions import Conditions

__all__ = ["DEFAULT", "Costs", "MacroConstants", "area_mm2", "latency_ns", "read_macro"]

DEFAULT = Path(__file__).with_name("macro.toml")
MM2_PER_UM2 = 1e-6


class MacroConstants(BaseModel):
    """Constants of area and latency.

    Parameters
    ----------
    feature_size
        F, in um.
    binary_cell, window_cell
        Area of a cell by kind, in F**2.
    adc, adc_bits, adc_capacitors
        Area in mm2 of a converter of so many bits, and the share of it that is capacitors.
    read, adc_step
        Time until currents have settled, and of one decision of a converter, in ns.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    feature_size: Annotated[Constant, AfterValidator(with_unit("um"))]
    binary_cell: Annotated[Constant, AfterValidator(with_unit("F2"))]
    window_cell: Annotated[Constant, AfterValidator(with_unit("F2"))]
    adc: Annotated[Constant, AfterValidator(with_unit("mm2"))]
    adc_bits: Annotated[Constant, AfterValidator(with_unit("bit"))]
    adc_capacitors: Annotated[Constant, AfterValidator(with_unit("1"))]
    read: Annotated[Constant, AfterValidator(with_unit("ns"))]
    adc_step: Annotated[Constant, AfterValidator(with_unit("ns"))]


def read_macro(path: Path = DEFAULT) -> MacroConstants:
    """Constants of a TOML file; raises EngramError as :func:`sw.energy.constants.read_constants`."""
    return read_table(path, MacroConstants)


def area_mm2(design: DesignPoint, constants: MacroConstants) -> dict[str, float]:
    """Area of ``cells`` and ``adcs``, in mm2."""
    tiles = design.row_tiles * design.col_tiles
    cell = getattr(constants, f"{design.cell}_cell").value * constants.feature_size.value**2
    bits, share = max(conversion_bits(design)), constants.adc_capacitors.value
    reference = constants.adc_bits.value
    grown = share * 2.0 ** (bits - reference) + (1 - share) * bits / reference
    adcs = tiles * ceil(design.cols / design.cols_per_adc)
    return {
        "cells": tiles * design.rows * design.cols * cell * MM2_PER_UM2,
        "adcs": adcs * constants.adc.value * grown,
    }


def latency_ns(design: DesignPoint, conditions: Conditions, constants: MacroConstants) -> float:
    """From word lines to the last code, in ns."""
    lines = min(design.cols_per_adc, design.cols, design.templates)
    bits = max(conversion_bits(design))
    steps = KINDS[conditions.adc.kind].comparisons(bits)
    return constants.read.value + lines * steps * constants.adc_step.value


class Costs:
    """Costs of points of some variants; what points share is worked out once.

    Parameters
    ----------
    energy, macro
        Constants.
    """

    def __init__(self, energy: Constants, macro: MacroConstants) -> None:
        self._energy, self._macro = energy, macro
        self._energies: dict[Any, dict[str, float]] = {}

    @property
    def constants(self) -> list[dict[str, Any]]:
        """See :class:`sw.explore.compute.pricing.Pricing`."""
        return [self._energy.model_dump(), self._macro.model_dump()]

    @property
    def rules(self) -> tuple[Callable[..., Any], ...]:
        """See :class:`sw.explore.compute.pricing.Pricing`."""
        return (Costs.columns,)

    def columns(
        self,
        variant: Variant,
        bundle: Bundle,
        images: Images,
        design: DesignPoint,
        conditions: Conditions,
    ) -> dict[str, float]:
        """See :class:`sw.explore.compute.pricing.Pricing`."""
        area = area_mm2(design, self._macro)
        energy = self._energy_columns(variant, bundle, images, design)
        return {
            **with_time(energy, latency_ns(design, conditions, self._macro)),
            "area_mm2": area["cells"] + area["adcs"],
            "area_cells_mm2": area["cells"],
            "area_adcs_mm2": area["adcs"],
            "storage_bits": _stored(bundle),
        }

    def _energy_columns(
        self, variant: Variant, bundle: Bundle, images: Images, design: DesignPoint
    ) -> dict[str, float]:
        key = variant, design.rows, design.cols, design.adc_bits
        if key not in self._energies:
            energy = energy_of(bundle, images.levels, self._energy, design)
            self._energies[key] = {
                "energy_paper_nj": sum(energy.paper.values()),
                "energy_full_nj": sum(energy.full.values()),
                **{f"energy_{part}_nj": value for part, value in energy.full.items()},
            }
        return self._energies[key]


@cache
def _stored(bundle: Bundle) -> int:
    return storage_bits(bundle)["total"]
