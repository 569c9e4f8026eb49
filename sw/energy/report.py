"""The energy section of ``engram evaluate``: JSON values and a table. Everything in it is modelled."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.energy.accounting import FRONTEND_PARTS, Energy, energy_of, nodes
from sw.energy.constants import Constants
from sw.energy.digital import DigitalWork
from sw.energy.in_macro import energy_in_macro
from sw.energy.macros.macro import Macro
from sw.energy.measured_silicon import MEASURED, Silicon
from sw.energy.picture import draw_energy, part_name
from sw.energy.work import conversion_bits, macs_nonzero, storage_bits

__all__ = ["EnergyReport", "report_in_macro", "report_of"]


class EnergyReport(NamedTuple):
    """Energy of one classification.

    Attributes
    ----------
    bundle, design
        The classifier, and the design of the array that is read.
    energy
        In nJ.
    nodes
        Of the constants of every part.
    technology
        Name of the one node of all of them, if they are of one.
    source, remark
        Name or file of the constants, and what else is to be said about them.
    measured
        Chips of others for the same data.
    """

    bundle: Bundle
    design: DesignPoint
    energy: Energy
    nodes: dict[str, str]
    technology: str | None
    source: str
    remark: str
    measured: tuple[Silicon, ...]

    def values(self) -> dict[str, Any]:
        """Keys of the JSON object."""
        energy, storage = self.energy, storage_bits(self.bundle)
        return {
            "macs_nonzero": macs_nonzero(self.bundle),
            "storage_bits": storage.pop("total"),
            "storage": storage,
            "energy_nj": {
                "paper": energy.paper,
                "full": energy.full,
                "dense": {"paper": energy.dense_paper, "full": energy.dense_full},
            },
            "energy_nodes": self.nodes,
            "energy_constants": self.source,
            "technology": self.technology,
        }

    @property
    def _nodes(self) -> str:
        """All nodes, in words."""
        return ", ".join(dict.fromkeys(self.nodes.values()))

    def draw(self, path: Path) -> None:
        """Draw the picture; raises EngramError if it cannot be written."""
        title = f"{self.design.name}: modelled energy of one classification\nconstants of {self._nodes}"
        draw_energy(self.energy, title, path, self.measured)

    def table(self) -> Table:
        """Every part, for a person."""
        energy, held = self.energy, self.nodes
        table = Table(title=f"{self.design.name}: modelled energy of one classification, nJ")
        table.add_column("")
        for heading in ("paper", "full"):
            table.add_column(heading, justify="right")
        table.add_column("node of the full one")
        paper = {"macs": energy.paper["frontend"], "cells": energy.paper["backend"]}
        for part, value in energy.full.items():
            table.add_row(
                part_name(part), _nj(paper.get(part)), _nj(value), held[part], end_section=_ends(part)
            )
        dense = sum(energy.dense_full.values())
        table.add_row("front end", _nj(energy.paper["frontend"]), _nj(energy.full_frontend), "")
        table.add_row("templates", _nj(energy.paper["backend"]), _nj(energy.full_backend), "")
        table.add_row("dense layer instead", _nj(energy.dense_paper), _nj(dense), held["macs"])
        for chip in self.measured:
            table.add_row(f"measured: {chip.name}", "", _nj(chip.energy_nj), chip.node)
        return table

    def lines(self) -> list[str]:
        """Notes below the table."""
        storage = storage_bits(self.bundle)
        adc = " and ".join(map(str, sorted(set(conversion_bits(self.design)))))
        ideal = " ideal ADC, counted as" if self.design.adc_bits is None else ""
        return [
            f"{macs_nonzero(self.bundle):,} of {self.design.macs:,} multiply-accumulates have a weight that "
            f"is not zero;{ideal} {adc}-bit conversions",
            f"stored: {storage.pop('total'):,} bits, "
            + ", ".join(f"{bits:,} of {part.replace('_', ' ')}" for part, bits in storage.items()),
            f"constants of {self._nodes}, {self.remark}: {self.source}",
            *(
                f"measured, {chip.source}: {chip.name}, {chip.accuracy:.2%}; counted is {chip.counts}"
                for chip in self.measured
            ),
        ]


def report_of(
    bundle: Bundle,
    levels: NDArray[np.uint8],
    constants: Constants,
    source: Path,
    adc_bits: int | None,
    data: str,
) -> EnergyReport:
    """Report for images with word-line values (N, F), of the data set named `data`, read with ADCs of
    `adc_bits`, None for ideal ones."""
    design = bundle.design.with_(adc_bits=adc_bits)
    assumed = sum(getattr(constants, name).assumption for name in Constants.model_fields)
    return EnergyReport(
        bundle,
        design,
        energy_of(bundle, levels, constants, design),
        nodes(constants, design),
        technology=None,
        source=str(source),
        remark=f"{assumed} of them assumptions",
        measured=MEASURED.get(data, ()),
    )


def report_in_macro(
    bundle: Bundle,
    levels: NDArray[np.uint8],
    macro: Macro,
    front_end: Mapping[str, DigitalWork],
    paper: Constants,
    adc_bits: int | None,
    data: str,
) -> EnergyReport:
    """:func:`report_of` with a macro and the front end that is in front of it, see
    :func:`sw.energy.in_macro.energy_in_macro`."""
    design = bundle.design.with_(adc_bits=adc_bits)
    energy = energy_in_macro(bundle, levels, macro, front_end, paper, design)
    assumed = sum(each.basis == "assumed" for each in macro.quantities.values())
    return EnergyReport(
        bundle,
        design,
        energy,
        dict.fromkeys(energy.full, macro.technology),
        technology=macro.technology,
        source=macro.name,
        remark=f"{assumed} of the macro's {len(macro.quantities)} assumed",
        measured=MEASURED.get(data, ()),
    )


def _nj(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _ends(part: str) -> bool:
    return part in (FRONTEND_PARTS[-1], "backend_controller")
