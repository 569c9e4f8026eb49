"""Picture of the modelled energy: both accountings and the dense layer, and the full one part by part.

Matplotlib is imported inside the functions, so that commands start fast.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sw.energy.accounting import FRONTEND_PARTS, Energy
from sw.energy.measured_silicon import Silicon
from sw.figures import new_figure, write_figure

__all__ = ["draw_energy", "part_name"]

# what steps the front end: in one accounting its address counters, with a macro its pipeline registers
NAMES = {"macs": "MACs", "adc": "ADC", "frontend_controller": "front-end counters, registers"}
FRONTEND, TEMPLATES, DENSE, SILICON = "tab:blue", "tab:orange", "tab:gray", "tab:green"


def draw_energy(energy: Energy, title: str, path: Path, measured: Sequence[Silicon] = ()) -> None:
    """Draw the energy of one classification in nJ.

    Above, both accountings: front end, and behind it templates or a dense layer; and what others measured.
    Below, the full accounting by part.

    Raises
    ------
    EngramError
        If the file cannot be written.
    """
    figure = new_figure(8, 7)
    above, below = figure.subplots(
        2, 1, height_ratios=[4 + len(measured), len(energy.full) + len(energy.dense_full)]
    )
    _totals(above, energy, measured)
    _parts(below, energy)
    figure.suptitle(title, fontsize="medium")
    write_figure(figure, path)


def _totals(axes: Any, energy: Energy, measured: Sequence[Silicon]) -> None:
    paper, full = energy.paper, energy.full_frontend
    bars = {
        "paper, templates": (paper["frontend"], paper["backend"], TEMPLATES),
        "paper, dense layer": (paper["frontend"], energy.dense_paper, DENSE),
        "full, templates": (full, energy.full_backend, TEMPLATES),
        "full, dense layer": (full, sum(energy.dense_full.values()), DENSE),
    }
    for name, (frontend, backend, colour) in bars.items():
        axes.barh(name, frontend, color=FRONTEND)
        whole = axes.barh(name, backend, left=frontend, color=colour)
        axes.bar_label(whole, [f"{frontend:.3g} + {backend:.3g} nJ"], padding=4, fontsize="small")
    for chip in measured:
        drawn = axes.barh(f"measured: {chip.name}, {chip.node}", chip.energy_nj, color=SILICON)
        axes.bar_label(drawn, [f"{chip.energy_nj:g} nJ at {chip.accuracy:.2%}"], padding=4, fontsize="small")
    axes.invert_yaxis()
    axes.margins(x=0.25)
    axes.set(xlabel="nJ per classification")
    axes.grid(axis="x", alpha=0.4)


def _parts(axes: Any, energy: Energy) -> None:
    from matplotlib.patches import Patch

    bars = [
        (part_name(part), value, FRONTEND if part in FRONTEND_PARTS else TEMPLATES)
        for part, value in energy.full.items()
    ]
    bars += [(f"dense: {part_name(part)}", value, DENSE) for part, value in energy.dense_full.items()]
    names, values, colours = zip(*bars, strict=True)
    drawn = axes.barh(names, values, color=colours)
    axes.bar_label(drawn, [f"{value:.3g}" for value in values], padding=4, fontsize="small")
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.set(xlabel="full accounting by part, nJ per classification")
    axes.grid(axis="x", alpha=0.4)
    meaning = {"front end": FRONTEND, "quantiser, array, classifier": TEMPLATES, "dense layer instead": DENSE}
    handles = [Patch(color=colour, label=label) for label, colour in meaning.items()]
    axes.legend(handles=handles, fontsize="small", loc="lower right")


def part_name(part: str) -> str:
    """Name of a part for people."""
    return NAMES.get(part, part.replace("_", " "))
