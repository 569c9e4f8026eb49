"""Sparsity: when leaving out zero weights beats a dense engine of the same size.

``python -m hw.tuning.sparsity`` takes a typical layer with random ternary weights. For every share of zeros
it looks for the fastest size of three kinds within the same logic cells and block RAM: one lane each way,
where every zero weight is left out; dense, which does not look at the weights; and any size, as ``engram
build`` does, where an entry is left out when all of its lanes' weights are zero.
"""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, get_args

import numpy as np
import typer
from numpy.typing import NDArray
from rich.table import Table

from constraints.boards import Family
from hw.sizing.options import Option, layer_option, useful_sizes
from sw.console import JsonOption, SeedOption, answer, print_json, reports_errors
from sw.design import Layer
from sw.design.layer import LayerShape
from sw.errors import EngramError
from sw.reference.frontend import LayerParameters
from sw.shell.start import start

__all__ = ["Comparison", "compare", "layer_with_zeros"]

SHARES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95)
VALUE_BITS = 3


@dataclass(frozen=True)
class Comparison:
    """The fastest size of each kind that fits; None where even the smallest does not."""

    zeros: float
    products: int
    skipping: Option | None
    dense: Option | None
    kept: Option | None


@reports_errors
def sparsity(
    channels: Annotated[int, typer.Option(min=1, max=256, help="Of input and output.")] = 16,
    side: Annotated[int, typer.Option(min=3, max=64, help="Of the feature map, in pixels.")] = 7,
    cells: Annotated[int, typer.Option(min=1, help="Logic cells for the layer's unit.")] = 1000,
    block_rams: Annotated[int, typer.Option(min=1, help="Block RAM for it.")] = 10,
    family: Annotated[str, typer.Option(help=f"{' or '.join(get_args(Family))}.")] = "ice40",
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Compare engines that skip zero weights with dense ones of equal size, by cycles per image."""
    if family not in get_args(Family):
        raise EngramError(f"--family must be one of {', '.join(get_args(Family))}, got {family!r}")
    layer = Layer(kind="conv3x3", out_channels=channels, activation_bits=VALUE_BITS)
    shape = LayerShape((channels, side, side), (channels, side, side), VALUE_BITS)
    room = {"cells": cells, "block_rams": block_rams}
    found = [compare(layer, shape, zeros, family, seed, **room) for zeros in SHARES]  # type: ignore[arg-type]
    if json:
        results = [_values(one) for one in found]
        print_json({**room, "family": family, "seed": seed, "results": results})
    else:
        title = f"{layer.kind} {channels} -> {channels} at {side} x {side}"
        answer.print(_table(found, f"{title}, {cells:,} cells and {block_rams} block RAM, {family}"))


def compare(
    layer: Layer,
    shape: LayerShape,
    zeros: float,
    family: Family,
    seed: int,
    *,
    cells: int,
    block_rams: int,
) -> Comparison:
    """Look for the fastest sizes at one share of zero weights."""
    trained, full = (layer_with_zeros(layer, shape, share, seed) for share in (zeros, 0.0))
    bits = shape.input_bits
    options = [layer_option(schedule, bits, family) for schedule in useful_sizes(layer, shape, trained)]
    dense = [layer_option(schedule, bits, family) for schedule in useful_sizes(layer, shape, full)]
    skipping = [one for one in options if one.size.input_lanes == one.size.output_lanes == 1]
    return Comparison(
        zeros,
        int(np.count_nonzero(trained.weight)) * shape.outputs[1] * shape.outputs[2],
        *(_fastest(kind, cells, block_rams) for kind in (skipping, dense, options)),
    )


def layer_with_zeros(layer: Layer, shape: LayerShape, zeros: float, seed: int) -> LayerParameters:
    """Random ternary weights of which a share is zero, and thresholds in the middle of the sums."""
    rng = np.random.default_rng(seed)
    weight: NDArray[np.int8] = rng.choice(np.array([-1, 1], np.int8), layer.weight_shape(shape.inputs[0]))
    weight[rng.permuted(np.arange(weight.size)).reshape(weight.shape) < round(zeros * weight.size)] = 0
    thresholds = np.sort(rng.integers(-20, 20, (len(weight), layer.thresholds_per_channel), np.int32), axis=1)
    return LayerParameters(weight, thresholds)


def _fastest(options: list[Option], cells: int, block_rams: int) -> Option | None:
    fitting = [option for option in options if option.cells <= cells and option.block_rams <= block_rams]
    return min(fitting, key=lambda option: (option.cycles, option.cells), default=None)


def _values(found: Comparison) -> dict[str, Any]:
    values = asdict(found)
    for kind in ("skipping", "dense", "kept"):
        if values[kind] is not None:
            values[kind] |= {"size": str(getattr(found, kind).size), "cells": round(values[kind]["cells"])}
    return values


def _table(found: list[Comparison], title: str) -> Table:
    table = Table(title=title)
    for column in ("zeros", "products", "skipping", "dense", "kept", "gain"):
        table.add_column(column, justify="right")
    for one in found:
        engines = [
            f"{option.cycles:,} by {option.size}" if option else "none fits"
            for option in (one.skipping, one.dense, one.kept)
        ]
        gain = f"{one.dense.cycles / one.kept.cycles:.2f}" if one.dense and one.kept else ""
        table.add_row(f"{one.zeros:.0%}", f"{one.products:,}", *engines, gain)
    table.caption = "cycles per image by input lanes x output lanes x taps x searchers; gain: dense / kept"
    return table


if __name__ == "__main__":
    start(sparsity)
