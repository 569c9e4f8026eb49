"""Runs images through the synthesised netlist of a board and holds every answer against the reference.

It is the whole board top after Yosys, :mod:`sim.netlist.model`, with the host link at its real speed. A chip
with a pulse rule programs one cell before the images, :mod:`sim.netlist.trial_write`.

Usage: ``python -m sim.netlist BUNDLE --board icebreaker --images 3``
"""

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from hw.array.codes.code_image import code_bytes, flash_contents
from hw.array.codes.flash import load_cycles
from hw.build import ClockOption, UartOption, VariantOption
from hw.fpga.clock import clocked, uart_divisor
from hw.fpga.report import speed_of
from hw.host import protocol
from hw.host.client import NoAnswer, Request, exchange
from hw.sizing.fit import codes_in_spram
from hw.sizing.front_end_choice import Variant, configured
from sim.chip import chip_port
from sim.netlist.model import netlist_model, synthesise
from sim.netlist.trial_write import trial_write
from sim.programming import SelfProgramming
from sw.bundle import Bundle
from sw.console import BundleArgument, JsonOption, answer, messages, print_json, reports_errors, terminal
from sw.progress import SILENT, Done, Listener
from sw.reference.pipeline import run
from sw.reference.trace import Mismatch, Trace, first_mismatch

if TYPE_CHECKING:
    from constraints.boards import Board
    from hw.frontend.variant import Sizes

__all__ = [
    "NetlistReport",
    "simulate_netlist",
    "verify_netlist",
]

BOOT_SLACK_CYCLES = 64
"""For the PLL's lock and its synchroniser, on top of the reset after configuration."""
PATIENCE = 4
"""How often the expected time of an answer passes until a netlist counts as dead."""

ABSENT = -1
"""Stands for a value that never came."""


@dataclass(frozen=True, eq=False)
class NetlistReport:
    """Outcome of one run.

    Attributes
    ----------
    wrong
        bool, (N,), images with at least one value that is not the expected one.
    first
        First mismatch, or None. What is wrong before the images is a mismatch of image 0.
    labels
        int64, (N,), classes that the netlist gave, -1 where it gave none.
    cells
        Cells of the netlist by type.
    """

    wrong: NDArray[np.bool_]
    first: Mismatch | None
    labels: NDArray[np.int64]
    cells: dict[str, int]


def verify_netlist(
    bundle: Bundle,
    board: "Board",
    images: NDArray[np.uint8],
    parallelism: "Sizes | None",
    *,
    baud: int = 1_000_000,
    done: Done = lambda images: None,
    listener: Listener = SILENT,
) -> NetlistReport:
    """Send images over the netlist's UART and compare identity, answers and all scores with the reference.

    A chip with codes in single-port RAM loads them from a model of the flash, and must say that it is not
    ready before. One with a pulse rule programs a cell.

    Parameters
    ----------
    bundle, board, parallelism
        What is synthesised; without `parallelism` the chip has no front end and gets word-line values.
    images
        uint8, as in :mod:`sw.design.images`.
    baud
        UART speed in bit/s.
    done
        Hears of every image that one more is finished.
    listener
        Hears of the synthesis.

    Raises
    ------
    EngramError
        If images do not fit the bundle, `baud` cannot be made, or a tool is missing or fails.
    """
    from hw.fpga.top import BOOT_CYCLES

    trial = trial_write(bundle) if bundle.array.pulse is not None else None
    expected = run(bundle if trial is None else trial.programmed, images)
    spram = codes_in_spram(bundle, board, parallelism)
    netlist = synthesise(bundle, board, parallelism, baud, spram=spram, listener=listener)
    codes = code_bytes(bundle) if spram else b""
    model = netlist_model(netlist, board.family, len(codes))
    divisor = uart_divisor(board.clock.core_mhz, baud)
    patience = PATIENCE * _answer_cycles(bundle, board, parallelism, baud)

    identity = protocol.identity_of(bundle, with_front_end=parallelism is not None).to_bytes()
    requests = [Request(bytes([protocol.Opcode.IDENTIFY]), len(identity))]
    before = [("identity", identity)]
    if trial is not None:
        requests += trial.requests
        before += zip(("write", "codes"), trial.answers, strict=True)
        patience += SelfProgramming(bundle).patience()
    for image, levels in zip(images, expected.levels, strict=True):
        requests += _requests(bundle, image, levels if parallelism is None else None)
    per_image = (len(requests) - len(before)) // len(images)
    answers: list[bytes] = []
    with chip_port(
        model,
        divisor,
        flash=flash_contents(codes),
        boot_cycles=BOOT_CYCLES + BOOT_SLACK_CYCLES,
        patience_cycles=patience,
    ) as port:
        try:
            if spram:
                before.insert(0, ("not ready", bytes([protocol.NOT_READY])))
                answers.append(exchange(port, Request(bytes([protocol.Opcode.RESULT]), 1)))
                port.wait(load_cycles(codes))
            for request in requests:
                answers.append(exchange(port, request))
                if request.sent[0] == protocol.Opcode.SCORES:  # the last one about an image
                    done(1)
        except NoAnswer as silence:
            answers.append(silence.came)
    return _report(before, expected, answers, per_image, netlist.cells)


def _answer_cycles(bundle: Bundle, board: "Board", parallelism: "Sizes | None", baud: int) -> int:
    """About the longest time from the last byte of a request to the first of its answer."""
    speed = speed_of(bundle, parallelism, board.clock.core_mhz, baud)
    return speed.latency_cycles + speed.cycles_per_image + 20 * uart_divisor(board.clock.core_mhz, baud)


def _requests(bundle: Bundle, image: NDArray[np.uint8], levels: NDArray[np.uint8] | None) -> list[Request]:
    """Requests for one image; without front end it is sent as word-line values. Scores come last."""
    classify = Request(bytes([protocol.Opcode.CLASSIFY]), protocol.ANSWER_BYTES)
    scores = Request(bytes([protocol.Opcode.SCORES]), protocol.SCORE_BYTES * bundle.design.templates)
    if levels is None:
        return [Request(protocol.image_request(image), protocol.ANSWER_BYTES), scores]
    return [Request(protocol.load_request(levels, bundle.design), 1), classify, scores]


def _report(
    before: list[tuple[str, bytes]],
    expected: Trace,
    answers: list[bytes],
    per_image: int,
    cells: dict[str, int],
) -> NetlistReport:
    """Answers against those that must come before the images, by name, and then the trace of the reference.

    What did not come in full is ABSENT.
    """
    count, templates = expected.scores.shape
    answers = answers + [b""] * (len(before) + count * per_image - len(answers))
    scores = np.full((count, templates), ABSENT)
    fields = np.full((count, len(protocol.Answer._fields)), ABSENT)
    for image in range(count):
        last = len(before) - 1 + (image + 1) * per_image
        if len(answers[last - 1]) == protocol.ANSWER_BYTES:
            fields[image] = protocol.Answer.from_bytes(answers[last - 1])
        if len(answers[last]) == protocol.SCORE_BYTES * templates:
            scores[image] = protocol.parse_scores(answers[last])
    wanted = np.stack([expected.accepted, expected.label, expected.template, expected.margin], axis=1)
    wrong = np.any(fields != wanted, axis=1) | np.any(scores != expected.scores, axis=1)
    accepted, label, template, margin = fields.T
    first = first_mismatch(
        expected,
        replace(
            expected, scores=scores, template=template, label=label, margin=margin, accepted=accepted == 1
        ),
    )
    for (name, wanted_answer), came in zip(before, answers, strict=False):
        if came != wanted_answer:
            wrong[:] = True
            first = Mismatch(0, name, (), int.from_bytes(wanted_answer), int.from_bytes(came))
            break
    return NetlistReport(wrong, first, label, cells)


@reports_errors
def simulate_netlist(
    bundle: BundleArgument,
    board: Annotated[str, typer.Option("--board", "-b", help="Board whose netlist is simulated.")],
    images: Annotated[int, typer.Option(min=1, max=1000, help="Test images, from the first.")] = 3,
    data: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Data set, if not the bundle's.")
    ] = None,
    variant: VariantOption = Variant.auto,
    parallelism: Annotated[
        str, typer.Option(help="As for 'engram build'; auto: what it would choose.")
    ] = "auto",
    clock_mhz: ClockOption = None,
    uart: UartOption = None,
    baud: Annotated[int, typer.Option(min=300, help="Speed of the host link in bit/s.")] = 1_000_000,
    as_json: JsonOption = False,
) -> None:
    """Run test images through the netlist of a board; exits with 1 and the first mismatch if there is any."""
    from hw.boards.known import load
    from sw.bundle import open_bundle
    from sw.data.of_bundle import dataset_of

    opened, target = open_bundle(bundle), clocked(load(board, uart), clock_mhz)
    dataset, _ = dataset_of(opened, data, terminal)
    opened, sizes = configured(opened, target, None, variant, parallelism, terminal)
    chosen = dataset.test.images[:images]
    started = time.perf_counter()
    with terminal.stage("netlist", len(chosen), "synthesis and compilation first") as stage:

        def done(more: int) -> None:
            stage.note("")
            stage.done(more)

        report = verify_netlist(opened, target, chosen, sizes, baud=baud, done=done, listener=terminal)
    values = {
        "board": target.name,
        "bundle": opened.digest,
        "data": dataset.name,
        "images": len(chosen),
        "mismatches": int(report.wrong.sum()),
        "cells": report.cells,
        "baud": baud,
        "seconds": round(time.perf_counter() - started, 1),
        "first_mismatch": str(report.first) if report.first else None,
    }
    if as_json:
        print_json(values)
    else:
        cells = ", ".join(f"{count} {cell}" for cell, count in sorted(report.cells.items()))
        answer.print(f"images      {len(chosen)} of {dataset.name} on {target.name}", highlight=False)
        answer.print(f"mismatches  {values['mismatches']}", highlight=False)
        answer.print(f"cells       {cells}", highlight=False)
        answer.print(f"seconds     {values['seconds']}", highlight=False)
    if report.wrong.any():
        messages.print(f"[bold red]mismatch:[/] {report.first}", soft_wrap=True, highlight=False)
        raise typer.Exit(1)
