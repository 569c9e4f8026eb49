"""Compiles Verilog with Verilator through cocotb's runner, once per content, and starts the compiled models.

A model is kept in the cache folder under a digest of its Verilog, its flags and the versions of the tools,
so the same design is never compiled twice. Verilator's own run-time library, which takes most of the time, is
kept too and shared by all models. Everything appears in the cache whole or not at all, and several processes
may build at the same time.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sim.verilator import Verilator, find_verilator
from sw.downloads import cache_folder
from sw.errors import EngramError

if TYPE_CHECKING:
    from amaranth.lib.wiring import Component

__all__ = ["TESTBENCHES", "Model", "ModelSource", "Waves", "build_model", "start_model", "to_verilog"]

Waves = Literal["none", "vcd", "fst"]

TESTBENCHES = Path(__file__).parent / "testbenches"
FAST_MODEL = ["-O3", "-CFLAGS", "-O2"]
FAST_BUILD = ["-O3", "-CFLAGS", "-O0"]  # a model with waveforms runs a few images only
QUIET = ["-Wno-fatal", "-Wno-lint", "-Wno-style"]  # generated Verilog is no place for lint
FAST_HANDLES = ["--no-public-flat-rw"]
"""cocotb makes every signal visible, which keeps Verilator from optimising; we name the few needed."""

FST_HEADERS = {"zlib.h": "zlib1g-dev", "lz4.h": "liblz4-dev"}
"""Headers that Verilator's FST writer includes, and the Debian packages that bring them."""

AN_HOUR_S = 3_600

WAVE_FLAGS: dict[Waves, list[str]] = {"none": [], "vcd": ["--trace-vcd"], "fst": ["--trace-fst"]}


@dataclass(frozen=True)
class ModelSource:
    """What a model is compiled from.

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
    public
        Ports of the top module to make visible to cocotb; files mark their own.
    waves
        Waveform format that the model can write.
    """

    top: str
    verilog: str
    files: tuple[Path, ...] = ()
    parameters: dict[str, int] = field(default_factory=dict)
    public: tuple[str, ...] = ()
    waves: Waves = "none"

    @property
    def flags(self) -> list[str]:
        """Options for Verilator."""
        optimisation = FAST_MODEL if self.waves == "none" else FAST_BUILD
        return [*FAST_HANDLES, *optimisation, *QUIET, *WAVE_FLAGS[self.waves]]

    def digest(self, tools: Verilator) -> str:
        """Name of the model in the cache."""
        files = [path.read_text() for path in self.files]
        return _digest(
            self.top, self.verilog, files, self.parameters, self.public, self.flags, _tool_facts(tools)
        )


@dataclass(frozen=True)
class Model:
    """A compiled model: the executable, the name of its top module and the waveform format it writes."""

    executable: Path
    top: str
    waves: Waves


def to_verilog(component: "Component", name: str) -> str:
    """Verilog of an Amaranth component, the same text for the same design."""
    from amaranth.back import verilog

    return verilog.convert(component, name=name, emit_src=False, strip_internal_attrs=True)


def build_model(source: ModelSource) -> Model:
    """The model from the cache, compiled if it is not there.

    Raises
    ------
    EngramError
        If Verilator or a compiler is missing or too old, or compilation fails.
    """
    tools = find_verilator()
    _libpython()
    kept = _models() / source.digest(tools)
    model = Model(kept / source.top, source.top, source.waves)
    if model.executable.exists():
        return model
    if source.waves == "fst":
        _require_fst_headers()
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".build-", dir=kept.parent) as folder:
            built = _compile(source, tools, Path(folder))
            _keep([built], kept)
    except OSError as error:
        raise EngramError(
            f"cannot write models to {kept.parent}: {error.strerror or error}; set ENGRAM_CACHE"
        ) from None
    return model


def start_model(model: Model, testbench: str, folder: Path, waves: Path | None = None) -> subprocess.Popen:
    """Start a simulation in `folder`; it writes its log to ``sim.log`` there.

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
    """
    import cocotb_tools.config

    variables = {
        **os.environ,
        "PATH": f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{cocotb_tools.config.libs_dir}",
        "PYTHONPATH": _python_path(),
        "PYGPI_PYTHON_BIN": sys.executable,
        "GPI_USERS": f"{_libpython()};{cocotb_tools.config.pygpi_entry_point()}",
        "COCOTB_TOPLEVEL": model.top,
        "COCOTB_TEST_MODULES": testbench,
        "COCOTB_RESULTS_FILE": str(folder / "results.xml"),
        "COCOTB_TRUST_INERTIAL_WRITES": "1",
        "TOPLEVEL_LANG": "verilog",
    }
    arguments = [] if waves is None else ["--trace", "--trace-file", str(waves)]
    with (folder / "sim.log").open("wb") as log:
        return subprocess.Popen(
            [model.executable, *arguments],
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _libpython() -> str:
    import find_libpython

    found = find_libpython.find_libpython()
    if found is None:
        raise EngramError(
            f"cocotb needs Python's shared library, {sys.executable} has none; install it, on Debian with "
            "'apt install libpython3-dev'"
        )
    return found


def _models() -> Path:
    return (cache_folder() / "sim").absolute()  # simulations run in folders of their own


def _python_path() -> str:
    """What a child needs to import what we can import."""
    return os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])


def _digest(*facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def _tool_facts(tools: Verilator) -> list[object]:
    import cocotb_tools.config

    return [str(tools.path), tools.version, package_version("cocotb"), str(cocotb_tools.config.libs_dir)]


def _compile(source: ModelSource, tools: Verilator, folder: Path) -> Path:
    generated = folder / f"{source.top}_generated.v"
    generated.write_text(source.verilog)
    control = folder / "public.vlt"
    lines = [f'public_flat_rw -module "{source.top}" -var "{port}"' for port in source.public]
    control.write_text("\n".join(["`verilator_config", *lines, ""]))
    log = folder / "build.log"
    build = folder / "build"
    build.mkdir()
    library = _models() / f"runtime-{_digest(source.flags, _tool_facts(tools))}"
    if library.is_dir():
        for part in library.iterdir():
            shutil.copyfile(part, build / part.name)
            # make would compile it again because Verilator writes the make file later than this
            os.utime(build / part.name, times=(time.time() + AN_HOUR_S,) * 2)
    arguments = {
        "sources": [str(path) for path in (control, *source.files, generated)],
        "parameters": source.parameters,
        "hdl_toplevel": source.top,
        "build_dir": str(build),
        "build_args": source.flags,
        "timescale": ("1ns", "1ns"),
        "waves": source.waves != "none",
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "sim.compile"],
            env={**os.environ, **tools.environment, "PYTHONPATH": _python_path()},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            process.communicate(json.dumps(arguments))
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    if process.returncode:
        raise EngramError(
            f"compiling the simulation failed: {_first_error(log)}; check that g++ and make work"
        )
    # verilator.o is cocotb's main program and includes the model's own header, so it is not among these
    _keep(sorted(build.glob("verilated*.o")), library)
    return build / source.top


def _keep(files: list[Path], kept: Path) -> None:
    """Put finished files into the cache as the folder `kept`, unless it is there already."""
    if kept.is_dir():
        return
    finished = Path(tempfile.mkdtemp(prefix=".finished-", dir=kept.parent))
    try:
        for path in files:
            shutil.copy2(path, finished)
        finished.rename(kept)
    except OSError:
        if not kept.is_dir():  # another process may have been faster
            raise
    finally:
        shutil.rmtree(finished, ignore_errors=True)


def _first_error(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    errors = [line for line in lines if re.search(r"error", line, re.IGNORECASE)]
    return (errors or lines[-1:] or ["no message"])[0].strip()


def _require_fst_headers() -> None:
    missing = []
    for header, package in FST_HEADERS.items():
        ran = subprocess.run(
            ["g++", "-E", "-x", "c++", "-"], input=f"#include <{header}>\n", capture_output=True, text=True
        )
        if ran.returncode:
            missing.append((header, package))
    if missing:
        headers = " and ".join(header for header, _ in missing)
        packages = " ".join(package for _, package in missing)
        raise EngramError(
            f"an FST waveform needs {headers}, g++ finds none; install them, on Debian with "
            f"'apt install {packages}', or write a .vcd file, which needs nothing"
        )
