"""An exported core as a model of a simulator, with all that may hold anything at the start holding noise.

A core must owe nothing to the values that memories and registers have before its reset. Simulators give them
zeros where the Verilog says so, chips do not always. So the copy that is simulated has random ones: registers
get them in place of their initial values, memories that are written get a random file in place of zeros.
Memories that come with contents keep them.
"""

import re
import shutil
from enum import StrEnum
from pathlib import Path

import numpy as np

from sim.cores.readers import ICARUS_ADVICE
from sim.models.runner import Model, ModelSource, build_model, is_brief
from sw.errors import EngramError
from sw.system.programs import run

__all__ = ["Simulator", "compiled", "ports_of", "start_at_random"]

TOP = "engram"
REGISTER = re.compile(r"(?m)^(  reg (?:\[\d+:0\] )?\S+ = )(\d+)'h[0-9a-f]+;$")
"""A register with its initial value."""
READ = re.compile(r'(?m)^ *initial \$readmemb\("(.*)", (\S+) ?\);$')
"""A memory that is read from a file."""


class Simulator(StrEnum):
    """Which simulator runs a core."""

    verilator = "verilator"
    icarus = "icarus"


def ports_of(verilog: str) -> list[str]:
    """Ports of the top module."""
    head = verilog[verilog.index(f"module {TOP}(") :].partition(";")[0]
    return [port.strip() for port in head.partition("(")[2].strip(") ").split(",")]


def start_at_random(verilog: Path, folder: Path, seed: int) -> str:
    """The Verilog with random registers; `folder` gets its memory files, the written ones random.

    Raises RuntimeError if nothing was found to change, which would make every comparison an empty one.
    """
    text = verilog.read_text(encoding="utf-8")
    rng = np.random.default_rng(seed)
    files = 0
    for module in re.split(r"(?m)^endmodule$", text):
        for file, memory in READ.findall(module):
            place = verilog.parent / file
            contents = place.read_text(encoding="utf-8")
            written = re.search(rf"(?m)^ +{re.escape(memory)} ?\[.*\](?:\[.*\])? <= ", module)
            if written and "1" not in contents:
                files += 1
                contents = re.sub("[01]+", lambda word: _bits(rng, len(word[0])), contents)
            (folder / file).write_text(contents, encoding="utf-8")
    text, registers = REGISTER.subn(lambda found: f"{found[1]}{found[2]}'b{_bits(rng, int(found[2]))};", text)
    if not (files and registers):
        raise RuntimeError(f"{registers} registers and {files} memories of {verilog} could start at random")
    return text


def compiled(simulator: Simulator, text: str, folder: Path, cycles: int) -> Model:
    """A model for cocotb; that of Verilator comes from the cache if it can, that of Icarus lies in `folder`.

    About so many `cycles` are to be run. Raises EngramError if a tool is missing or fails.
    """
    if simulator is Simulator.verilator:
        return build_model(
            ModelSource(top=TOP, verilog=text, public=tuple(ports_of(text)), brief=is_brief(cycles))
        )
    compiler, program = shutil.which("iverilog"), shutil.which("vvp")
    if compiler is None or program is None:
        raise EngramError(ICARUS_ADVICE)
    import cocotb_tools.config

    source, image = folder / "core.v", folder / "core.vvp"
    source.write_text(f"`timescale 1ns/1ns\n{text}", encoding="utf-8")
    ran = run([compiler, "-g2005", "-s", TOP, "-o", image, source])
    if ran.returncode:
        raise EngramError(f"iverilog failed: {(ran.stdout.splitlines() or ['it said nothing'])[0]}")
    interface = cocotb_tools.config.lib_entry("vpi", "icarus")
    return Model(Path(program), TOP, "none", ("-m", str(interface), str(image)))


def _bits(rng: np.random.Generator, count: int) -> str:
    return "".join(map(str, rng.integers(0, 2, count).tolist()))
