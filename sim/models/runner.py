"""Compiles Verilog with Verilator, once per content, and starts the compiled models.

A model is driven by a cocotb testbench, or by a C++ main program of its own. It is kept in the store
under its Verilog, its flags and the versions of the tools, see :mod:`sim.models.cache`.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sim.models.cache import keep
from sim.models.compile import NONE, Workshop
from sim.models.runtime import RuntimeLibrary
from sim.models.verilator import Verilator, facts_of, find_verilator
from sw.cache import Store
from sw.cache.kept import hold
from sw.errors import EngramError, WriteError
from sw.files import scratch_folder
from sw.sources import code_of
from sw.surroundings import python_path, require_tool_cache
from sw.system.beside import beside
from sw.system.programs import Program, run

if TYPE_CHECKING:
    from amaranth.lib.wiring import Component

__all__ = [
    "Model",
    "ModelSource",
    "Waves",
    "build_model",
    "is_brief",
    "start_model",
    "start_program",
    "to_verilog",
]

Waves = Literal["none", "vcd", "fst"]

OPTIMISATION = "-O2"
"""Of the compiler, for models that run more than a few images. GCC's -O3, -march=native and a profile of a
run were measured to gain nothing."""
QUIET = ["-Wno-fatal", "-Wno-lint", "-Wno-style"]  # generated Verilog is no place for lint
FAST_HANDLES = ["--no-public-flat-rw"]
"""cocotb makes every signal visible, which keeps Verilator from optimising; we name the few needed."""

LIBPYTHON, SIMULATOR = "libpython.so", "simulator.so"
"""Links in the folder of a simulation to the libraries that cocotb loads."""

FST_HEADERS = {"zlib.h": "zlib1g-dev", "lz4.h": "liblz4-dev"}
"""Headers that Verilator's FST writer includes, and the Debian packages that bring them."""

PROGRAM = ["--x-assign", "fast", "--x-initial", "fast"]
"""For models with a main program."""
PROGRAM_CLASS = "Vmodel"
"""Name of the compiled top module in the main program."""
COCOTB_CLASS = "Vtop"
"""The same in cocotb's main program."""

BRIEF_CYCLES = 2_000_000
"""Cycles that take as long without optimisation as optimising and simulating them. Measured with the MNIST
classifier of the zoo: 3.7 s more for compiling, 1.6 us less per cycle; both follow the size of a model."""

WAVE_FLAGS: dict[Waves, list[str]] = {"none": [], "vcd": ["--trace-vcd"], "fst": ["--trace-fst"]}


@dataclass(frozen=True)
class ModelSource:
    """Sources and options of a model.

    Attributes
    ----------
    top
        Name of the top module.
    verilog
        Generated Verilog.
    files
        Further source files; their content counts, not their place.
    parameters
        Parameters of the top module.
    defines
        Macros of the preprocessor.
    public
        Ports of the top module to make visible to cocotb; files mark their own.
    main
        C++ main program to link with, in place of cocotb.
    waves
        Waveform format that the model can write.
    brief
        The model runs few cycles, as told by :func:`is_brief`: compile in less time, run slower. One with
        waveforms always does.
    """

    top: str
    verilog: str
    files: tuple[Path, ...] = ()
    parameters: dict[str, int] = field(default_factory=dict)
    defines: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    main: Path | None = None
    waves: Waves = "none"
    brief: bool = False

    @property
    def flags(self) -> list[str]:
        """Options for Verilator."""
        kind = FAST_HANDLES if self.main is None else PROGRAM
        return [*kind, "-O3", *QUIET, *WAVE_FLAGS[self.waves]]

    @property
    def optimisation(self) -> str:
        """Option for the compiler."""
        return NONE if self.brief or self.waves != "none" else OPTIMISATION

    @property
    def options(self) -> list[str]:
        """Flags and macros."""
        return [*self.flags, *(f"-D{name}" for name in self.defines)]

    def key(self, tools: Verilator) -> dict[str, Any]:
        """All that the model follows from."""
        files = [
            path.read_text(encoding="utf-8") for path in (*self.files, *([self.main] if self.main else []))
        ]
        return {
            "code": code_of(build_model),
            "top": self.top,
            "verilog": self.verilog,
            "files": files,
            "parameters": self.parameters,
            "public": self.public,
            "options": [*self.options, self.optimisation],
            "tools": facts_of(tools),
        }


@dataclass(frozen=True)
class Model:
    """A compiled model: the executable, the name of its top module, the waveform format it writes, and what
    comes first on its command line."""

    executable: Path
    top: str
    waves: Waves
    arguments: tuple[str, ...] = ()


def is_brief(cycles: int) -> bool:
    """Whether so few cycles are sooner simulated by a model that is compiled without optimisation."""
    return cycles < BRIEF_CYCLES


def to_verilog(component: "Component", name: str) -> str:
    """Verilog of an Amaranth component, the same text for the same design."""
    from amaranth.back import verilog

    require_tool_cache()
    return verilog.convert(component, name=name, emit_src=False, strip_internal_attrs=True)


def build_model(source: ModelSource) -> Model:
    """The model from the cache, compiled first if the cache does not have it.

    Raises
    ------
    EngramError
        If Verilator or a compiler is missing or too old, or compilation fails.
    """
    tools = find_verilator()
    if source.main is None:
        _libpython()
    kept = Store().path("models", source.key(tools), "")
    model = Model(kept / source.top, source.top, source.waves)
    if hold(kept):
        return model
    if source.waves == "fst":
        _require_fst_headers()
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder("build", kept.parents[1]) as folder:
            built = _compile(source, tools, folder)
            while not hold(kept):  # another process may remove it at this very moment
                keep([built], kept)
    except OSError as error:
        raise WriteError(
            f"cannot write models to {kept.parent}: {error.strerror or error}; set ENGRAM_CACHE"
        ) from None
    return model


def start_model(
    model: Model, testbench: str, folder: Path, waves: Path | None = None, wires: Sequence[int] = ()
) -> Program:
    """Start a simulation in `folder`; it writes its log to ``sim.log`` in that folder.

    cocotb's own runner waits for the simulation, which rules out progress, several shards at once, and ending
    them on Ctrl-C. So the model is started here with the environment that cocotb documents for custom flows.

    Parameters
    ----------
    model
        What to run.
    testbench
        Python module with the cocotb test.
    folder
        Where to run; must exist.
    waves
        Waveform file to write, for a model built with waves.
    wires
        Files that the simulation gets, by their numbers.
    """
    import cocotb_tools.config

    # GPI_USERS is a list with commas and semicolons, so it gets links in place of paths
    (folder / LIBPYTHON).symlink_to(_libpython())
    module, _, entry = cocotb_tools.config.pygpi_entry_point().rpartition(",")
    (folder / SIMULATOR).symlink_to(module)
    libraries = [str(cocotb_tools.config.libs_dir), os.environ.get("LD_LIBRARY_PATH", "")]
    variables = {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(filter(None, libraries)),
        "PYTHONPATH": python_path(),
        "PYGPI_PYTHON_BIN": sys.executable,
        "GPI_USERS": f"./{LIBPYTHON};./{SIMULATOR},{entry}",
        "COCOTB_TOPLEVEL": model.top,
        "COCOTB_TEST_MODULES": testbench,
        "COCOTB_RESULTS_FILE": str(folder / "results.xml"),
        "COCOTB_TRUST_INERTIAL_WRITES": "1",
        "TOPLEVEL_LANG": "verilog",
    }
    arguments = [] if waves is None else ["--trace", "--trace-file", str(waves)]
    return _start(model, arguments, folder, variables, wires)


def start_program(model: Model, arguments: list[str], folder: Path, wires: Sequence[int] = ()) -> Program:
    """Start a model that has a main program, in `folder`; its output goes to ``sim.log`` in it.

    `wires` as for :func:`start_model`.
    """
    return _start(model, arguments, folder, dict(os.environ), wires)


def _start(
    model: Model, arguments: list[str], folder: Path, environment: dict[str, str], wires: Sequence[int] = ()
) -> Program:
    def started(executable: Path) -> Program:
        with (folder / "sim.log").open("wb") as log:
            return Program(
                [executable, *model.arguments, *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=wires,
            )

    try:
        return started(model.executable)
    except PermissionError:
        pass  # the cache lies on a file system that executes nothing, as many do that are shared
    try:
        return started(Path(shutil.copy2(model.executable, folder / "model")))
    except PermissionError:
        raise EngramError(
            f"models are programs: the file system of {model.executable.parents[3]} or of {folder.parent} "
            "must execute files, neither does; set ENGRAM_CACHE or TMPDIR to a folder on another one"
        ) from None


def _libpython() -> str:
    import find_libpython

    found = find_libpython.find_libpython()
    if found is None:
        raise EngramError(
            f"cocotb needs Python's shared library, {sys.executable} has none; install it, on Debian with "
            "'apt install libpython3-dev'"
        )
    return found


def _compile(source: ModelSource, tools: Verilator, folder: Path) -> Path:
    shop = Workshop(folder, tools)
    options = _cocotb_part(source, shop) if source.main is None else []
    prefix, main = (COCOTB_CLASS, _cocotb_main()) if source.main is None else (PROGRAM_CLASS, source.main)
    for path in source.files:
        shop.add_file(path)
    shop.add_text(f"{source.top}_generated.v", source.verilog)
    options += [*source.options, *(f"-G{name}={value}" for name, value in source.parameters.items())]
    if not shop.verilate(source.top, prefix, options):
        raise shop.failure()
    objects, library = shop.runtime_objects(prefix), RuntimeLibrary(tools)
    with beside(lambda: library.provide(objects)):
        if not shop.make_units(prefix, main, source.optimisation):
            raise shop.failure()
    library.lend(objects, shop.build)
    if not shop.link_program(prefix, source.top):
        raise shop.failure()
    return shop.build / source.top


def _cocotb_main() -> Path:
    import cocotb_tools.config

    return cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp"


def _cocotb_part(source: ModelSource, shop: Workshop) -> list[str]:
    """Add the signals that cocotb is to see; gives the options that cocotb's runner gives.

    The runner itself puts absolute paths on the command line, which make cannot read everywhere.
    """
    import cocotb_tools.config

    lines = [f'public_flat_rw -module "{source.top}" -var "{port}"' for port in source.public]
    shop.add_text("public.vlt", "\n".join(["`verilator_config", *lines, ""]))
    libraries = shop.link(cocotb_tools.config.libs_dir, "libraries")
    linking = ["-LDFLAGS", f"-L{libraries} -lcocotbvpi_verilator"]
    return ["--vpi", "--public-flat-rw", "--timescale", "1ns/1ns", *linking]


def _require_fst_headers() -> None:
    missing = []
    for header, package in FST_HEADERS.items():
        ran = run(["g++", "-E", "-x", "c++", "-"], given=f"#include <{header}>\n")
        if ran.returncode:
            missing.append((header, package))
    if missing:
        headers = " and ".join(header for header, _ in missing)
        packages = " ".join(package for _, package in missing)
        raise EngramError(
            f"an FST waveform needs {headers}, g++ finds none; install them, on Debian with "
            f"'apt install {packages}', or write a .vcd file, which needs nothing"
        )
