"""A trial of the simulator: a model of one line is compiled and run the way that real ones are."""

import secrets
import shutil

from sim.job import run_testbench
from sim.models.runner import ModelSource, build_model

__all__ = ["try_simulator"]

ANSWER = 42


def try_simulator() -> None:
    """Compile a model anew in the cache, run it under cocotb, and delete it.

    Raises
    ------
    EngramError
        If a tool is missing or fails, or if the cache cannot be written or executes nothing.
    RuntimeError
        If the testbench fails.
    """
    nonce = secrets.token_hex(16)  # so that the cache has no such model, and the compiler is really tried
    verilog = f"// {nonce}\nmodule trial(output [7:0] answer);\n  assign answer = 8'd{ANSWER};\nendmodule\n"
    model = build_model(ModelSource(top="trial", verilog=verilog, public=("answer",), brief=True))
    try:
        (outcome,) = run_testbench(model, "sim.testbenches.trial", [{}])
    finally:
        shutil.rmtree(model.executable.parent)
    assert outcome["answer"] == ANSWER
