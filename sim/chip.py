"""The whole chip over its UART pins: compile it and have a conversation in the host protocol."""

from typing import NamedTuple

import numpy as np

from sim.job import run_testbench
from sim.runner import Model, ModelSource, build_model, to_verilog
from sw.bundle import Bundle

__all__ = ["Request", "chip_model", "converse"]


class Request(NamedTuple):
    """Bytes to send and the number of bytes to wait for."""

    sent: bytes
    awaited: int


def chip_model(bundle: Bundle, divisor: int) -> Model:
    """:class:`hw.chip.Chip` with `divisor` clock cycles per UART bit, compiled or from the cache.

    Raises EngramError as :func:`sim.runner.build_model`.
    """
    from hw.chip import Chip

    verilog = to_verilog(Chip(bundle, divisor=divisor), "chip")
    return build_model(ModelSource(top="chip", verilog=verilog, public=("clk", "rst", "rx", "tx")))


def converse(model: Model, divisor: int, requests: list[Request]) -> list[bytes]:
    """Send requests over the UART, each after the answer to the one before, and return the answers.

    Raises
    ------
    RuntimeError
        If an answer does not come, or more comes than was asked for.
    """
    job = {
        "divisor": np.array(divisor),
        "requests": np.frombuffer(b"".join(request.sent for request in requests), np.uint8),
        "sent": np.array([len(request.sent) for request in requests]),
        "awaited": np.array([request.awaited for request in requests]),
    }
    (outcome,) = run_testbench(model, "sim.testbenches.host", [job])
    if outcome["extra"]:
        raise RuntimeError(f"the chip sent {int(outcome['extra'])} bytes that nobody asked for")
    answers = outcome["answers"].tobytes()
    ends = np.cumsum(job["awaited"])
    return [answers[end - request.awaited : end] for end, request in zip(ends, requests, strict=True)]
