"""The whole chip over its UART pins: compile it and have a conversation in the host protocol."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sim.job import run_testbench
from sim.models.runner import Model, ModelSource, build_model, to_verilog
from sw.bundle import Bundle

__all__ = ["Request", "Silence", "chip_model", "converse"]

PATIENCE_CYCLES = 500_000_000


class Request(NamedTuple):
    """Bytes to send, the number of bytes to wait for, and the clock cycles to let pass before."""

    sent: bytes
    awaited: int
    pause_cycles: int = 0


def chip_model(bundle: Bundle, divisor: int) -> Model:
    """:class:`hw.chip.Chip` with `divisor` clock cycles per UART bit, compiled or from the cache.

    Raises EngramError as :func:`sim.models.runner.build_model`.
    """
    from hw.chip import Chip

    verilog = to_verilog(Chip(bundle, divisor=divisor), "chip")
    return build_model(ModelSource(top="chip", verilog=verilog, public=("clk", "rst", "rx", "tx")))


class Silence(RuntimeError):
    """An answer did not come; `answers` are those before it, the last one as far as it came."""

    def __init__(self, answers: list[bytes]):
        self.answers = answers
        super().__init__(f"the chip did not answer request {len(answers) - 1} in full")


def converse(
    model: Model,
    divisor: int,
    requests: list[Request],
    *,
    boot_cycles: int = 0,
    patience_cycles: int = PATIENCE_CYCLES,
    flash: bytes = b"",
    on_progress: Callable[[int], None] | None = None,
) -> list[bytes]:
    """Send requests over the UART, each after the answer to the one before, and return the answers.

    Parameters
    ----------
    model
        With the ports clk, rst, rx and tx.
    divisor
        Clock cycles per bit.
    requests
        What to say.
    boot_cycles
        Clock cycles to wait before the first request.
    patience_cycles
        Clock cycles to wait for each byte of an answer.
    flash
        Written to the bench's memory of that name at the start.
    on_progress
        Called several times a second with the number of requests that are answered.

    Raises
    ------
    Silence
        If an answer does not come in time.
    RuntimeError
        If more comes than was asked for.
    """
    job = {
        "divisor": np.array(divisor),
        "boot_cycles": np.array(boot_cycles),
        "patience_cycles": np.array(patience_cycles),
        "flash": np.frombuffer(flash, np.uint8),
        "requests": np.frombuffer(b"".join(request.sent for request in requests), np.uint8),
        "sent": np.array([len(request.sent) for request in requests]),
        "awaited": np.array([request.awaited for request in requests]),
        "pauses": np.array([request.pause_cycles for request in requests]),
    }
    (outcome,) = run_testbench(model, "sim.testbenches.host", [job], on_progress=on_progress)
    if outcome["extra"]:
        raise RuntimeError(f"the chip sent {int(outcome['extra'])} bytes that nobody asked for")
    came = outcome["answers"].tobytes()
    answers, start = [], 0
    for request in requests:
        answers.append(came[start : start + request.awaited])
        if len(answers[-1]) < request.awaited:
            raise Silence(answers)
        start += request.awaited
    return answers
