"""Verilator's run-time library, which takes most of the time to compile: kept, and shared by all models."""

import os
import shutil
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from sim.models.cache import keep
from sim.models.compile import Workshop
from sim.models.verilator import Verilator, facts_of, find_verilator
from sw.cache import Store
from sw.cache.kept import hold
from sw.files import scratch_folder
from sw.sources import code_of

__all__ = ["RUNTIME_OBJECTS", "RuntimeLibrary", "prepare_library"]

AN_HOUR_S = 3_600

RUNTIME_OBJECTS = tuple(
    f"verilated{part}.o" for part in ("", "_threads", "_vpi", "_dpi", "_fst_c", "_timing", "_vcd_c")
)
"""All that a model may be linked with, the most needed first. Not verilator.o, cocotb's main program: it
includes the model."""

OF_COCOTB = RUNTIME_OBJECTS[:4]
"""What models under cocotb are linked with."""

NO_MODEL = "nothing"
"""Name of an empty module, for the make files that Verilator writes with it."""

_one_at_a_time = threading.Lock()


class RuntimeLibrary:
    """Objects of Verilator's run-time library, each kept once for models of every kind.

    No option of a model reaches them: that for optimisation is for the model's own files alone, and the
    macros for waveforms, which are on the command line of every file, change none of these.

    Parameters
    ----------
    tools
        What to compile with.
    """

    def __init__(self, tools: Verilator) -> None:
        self._tools = tools
        self._facts = {"code": code_of(RuntimeLibrary), "tools": facts_of(tools)}

    def provide(self, names: Iterable[str]) -> None:
        """Compile and keep those that are not kept yet. A second thread waits for the first one.

        Raises
        ------
        EngramError
            If compilation fails.
        """
        with _one_at_a_time:
            missing = [name for name in names if not hold(self._place(name))]
            if not missing:
                return
            place = self._place(missing[0]).parents[1]
            place.mkdir(parents=True, exist_ok=True)
            with scratch_folder("build", place) as folder:
                shop = Workshop(folder, self._tools)
                shop.add_text(f"{NO_MODEL}.v", f"module {NO_MODEL}; endmodule\n")
                prefix = f"V{NO_MODEL}"
                if not (shop.verilate(NO_MODEL, prefix, []) and shop.make_runtime(prefix, missing)):
                    raise shop.failure()
                for name in missing:
                    while not hold(self._place(name)):  # another process may remove it at this very moment
                        keep([shop.build / name], self._place(name))

    def lend(self, names: Iterable[str], build: Path) -> None:
        """Copy what is kept to where a model is about to be linked."""
        for name in names:
            shutil.copyfile(self._place(name) / name, build / name)
            # make would compile it again because Verilator writes the make file later than this
            os.utime(build / name, times=(time.time() + AN_HOUR_S,) * 2)

    def _place(self, name: str) -> Path:
        return Store().path("runtimes", {**self._facts, "object": name}, "")


def prepare_library() -> None:
    """Compile what models under cocotb will need, as far as it is not kept.

    Raises
    ------
    EngramError
        As :func:`sim.models.runner.build_model`.
    """
    RuntimeLibrary(find_verilator()).provide(OF_COCOTB)
