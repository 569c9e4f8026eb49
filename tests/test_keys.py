"""Keys of what is kept: every file that a computation loads or opens is in its key, and no other is.

Which files these are is not asked of :mod:`sw.sources`: the computation runs in a process of its own, and
Python says what it loaded and opened.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from sim.models import verilator
from sw import sources
from sw.bundle.provenance import Step
from sw.cache import Store
from sw.commands.explore import builds
from sw.commands.explore.axes import array_of, space_of
from sw.commands.explore.fpga import fpga_of
from sw.energy.constants import read_constants
from sw.explore.compute.costs import Costs, read_macro
from sw.explore.compute.features import Features
from sw.explore.driver.question import Question
from sw.explore.space.objectives import OBJECTIVES
from sw.explore.space.settings import Settings
from sw.farm.farm import Here
from tests.helpers.explorations import BUNDLE, CHIPS, DATA, IMAGES, SEED, explorer_in, settings_of

ROOT = Path(__file__).parent.parent
PACKAGES = ("sw", "hw", "sim", "constraints", "formal")
BOARD = "icebreaker"

BEFORE = f"""
import os, sys
from pathlib import Path
folder = Path(sys.argv[1])
from sw.bundle import save
from tests.helpers.explorations import BUNDLE, DATA
save(BUNDLE, folder / "tiny.engram")
for name in list(sys.modules):  # what the inputs needed is none of the computation's
    if name.partition(".")[0] in {(*PACKAGES, "tests")}:
        del sys.modules[name]
opened = set()
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], str | os.PathLike):
        opened.add(os.path.abspath(arguments[0]))
sys.addaudithook(hook)
"""
AFTER = """
import json
loaded = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
print(json.dumps([path for path in [*loaded, *sorted(opened)] if path is not None]))
"""
BUNDLE_IN = """
from sw.bundle import open_bundle
bundle = open_bundle(str(folder / "tiny.engram"))
"""
CHIP_IN = f"""{BUNDLE_IN}
from sw.explore.compute.accuracy import Chips, Images, chosen_full_scale, right_answers
from sw.rram.effects.conditions import Conditions
from sw.rram.devices.presets import DEVICES
chips = Chips({{}}, DEVICES["cmo-hfox"], (Conditions(adc={{"bits": 4}}), Conditions()), 2, 5)
"""
PROGRAMS = {
    "features": f"""{BUNDLE_IN}
from sw.explore.compute.images import piece_maps
piece_maps(bundle, DATA.test.images)
""",
    "chips": f"""{CHIP_IN}
from sw.explore.compute.images import images_of, piece_maps
images = images_of(bundle, piece_maps(bundle, DATA.test.images), DATA.test.labels)
right_answers(bundle, images, chips)
chosen_full_scale(bundle, images, chips)
""",
    "fpga": f"""{CHIP_IN}
from sw.commands.explore.fpga import fpga_columns
fpga_columns(bundle, chips, {BOARD!r})
""",
    "builds": f"""{CHIP_IN}
from sw.cache import Store
from sw.commands.explore.builds import Finalist, built_finalists
from hw.fpga.toolchain import Placed, Toolchain
from sw.rram.chip.programming import program
def pack(tools):
    (tools._folder / "top.bin").write_bytes(b"bitstream")
    return tools._folder / "top.bin"
Toolchain.synthesise = lambda tools: {{"SB_LUT4": 10}}  # the tools take a minute and load nothing of ours
Toolchain.place_and_route = lambda tools, seed, luts: Placed(40.0, ("a", "b"), {{}})
Toolchain.pack = pack
chip = program(bundle, chips.device, chips.readouts[0], seed=5)
row = {{"fpga_luts": 9, "fpga_brams": 3, "fpga_cycles": 31}}
((number, built),) = built_finalists(
    [Finalist(0, row, chip)], {BOARD!r}, DATA.test.images[:2], folder / "builds", Store(folder / "store")
)
assert built["mismatches"] == 0, built
""",
    "search": f"""{BUNDLE_IN}
from sw.cache import Store
from sw.commands.explore.axes import array_of, space_of
from sw.commands.explore.fpga import fpga_of
from sw.energy.constants import read_constants
from sw.explore.compute.costs import Costs, read_macro
from sw.explore.compute.explorer import Explorer, Extent
from sw.farm.farm import Here
from sw.explore.compute.variants import Variants
from sw.explore.driver.trials import driven
from sw.explore.space.objectives import OBJECTIVES
from sw.explore.space.search import Search
from sw.explore.space.settings import Settings
from sw.data.parts import Dataset, Part
from sw.progress import unseen
parts = (Part(part.images, part.labels) for part in DATA.parts.values())
DATA = Dataset(DATA.name, *parts, DATA.classes)  # of the classes that the computation knows
designs, store, farm = {{"tiny": bundle.design}}, Store(folder / "store"), Here()
variants = Variants({{"tiny": bundle}}, DATA, store, farm, seed=1, stage=unseen)
costs = Costs(read_constants(), read_macro())
explorer = Explorer(variants, costs, DATA.digest, store, farm, Extent(1, 2, 20, 0.5))
explorer.fpga = fpga_of({BOARD!r})
sizes = {{"rows": "8", "cols": "4", "cols_per_adc": "2", "adc_bits": "4", "cell_bits": "4"}}
space = space_of(sizes | {{"thresholds": "1,3,4"}}, None, designs)
objectives = [OBJECTIVES["accuracy"], OBJECTIVES["lut"]]
storage = f"sqlite:///{{folder / 'search.sqlite3'}}"
search = Search(space, objectives, "nsga2", seed=1, storage=storage, name="x")
assert list(driven(search, explorer, Settings(designs, array_of), objectives, 6)) == [6]
""",
    "teachers": """
import torch
from sw.training.loop.trainable import Split
from sw.training.recipe import Recipe
from sw.training.teacher.foreign import foreign_teacher
from sw.training.teacher.taught import logits_of, train_teacher, untrained
split = Split.of(DATA.test.images, DATA.test.labels.astype(int), torch.device("cpu"))
network = untrained("tiny", split, DATA.classes)
train_teacher(network, split, split, Recipe(1, 1, 1, batch=16))
logits_of(network, split.images, flip=True)
""",
}
"""What computes each kind of result, from a bundle and a data set that are there."""
OTHERS = {
    "features": [
        "sw/console.py",
        "sw/cache/store.py",
        "sw/rram/chip/programming.py",
        "sw/energy/energy.toml",
    ],
    "chips": [
        "sw/console.py",
        "sw/cache/store.py",
        "sw/templates/maker.py",
        "sw/energy/energy.toml",
        "hw/adc.py",
    ],
    "fpga": [
        "sw/cache/store.py",
        "sw/templates/maker.py",
        "sw/energy/energy.toml",
        "sim/images.py",
    ],
    "builds": [
        "sw/templates/maker.py",
        "sw/energy/energy.toml",
        "hw/tuning/calibrate.py",
        "sim/run.py",
    ],
    "search": [
        "sw/explore/page/page.py",
        "sw/explore/driver/run.py",
        "hw/build.py",
        "sim/images.py",
    ],
    "teachers": [
        "sw/cache/store.py",
        "sw/training/train.py",
        "sw/training/student/network.py",
        "sw/files.py",
    ],
}
"""Files of the project that are near, and have no part in it."""


def project_files(paths):
    """Those of the project's own that are neither caches nor bundles, which are known by their digest."""
    found = {Path(path) for path in paths if Path(path).is_relative_to(ROOT)}
    return {
        path.relative_to(ROOT).as_posix()
        for path in found
        if path.relative_to(ROOT).parts[0] in PACKAGES and path.suffix not in (".pyc", ".engram")
        if path.is_file()
    }


@pytest.fixture(scope="module", params=PROGRAMS)
def computed(request, tmp_path_factory, models):
    """A kind of result, and the files that were loaded or opened for one."""
    program = f"{BEFORE}{PROGRAMS[request.param]}{AFTER}"
    command = [sys.executable, "-c", program, str(tmp_path_factory.mktemp("computed"))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ENGRAM_CACHE": str(models)}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return request.param, project_files(json.loads(ran.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the project's files, of which keys are made."""
    copy = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "README.md", copy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "ROOT", copy)
        sources._place.cache_clear()
        yield copy
    sources._place.cache_clear()
    sources._digest.cache_clear()


class Asked(Store):
    """Remembers the last path of each kind."""

    def path(self, kind, key, suffix):
        self.paths = {**getattr(self, "paths", {}), kind: super().path(kind, key, suffix)}
        return self.paths[kind]


def key_now(kind, folder, monkeypatch):
    """Where a result of that kind is kept, by the files as they are; of a search, the name of its study."""
    sources._digest.cache_clear()
    store = Asked(folder / "store")
    if kind == "search":
        return question().digest
    if kind == "teachers":
        from sw.training.teacher.cache import entry_path

        return entry_path({"version": 1}, "weights")
    if kind == "features":
        Features(BUNDLE, DATA, store).maps("test", 1, Here())
    elif kind == "builds":
        monkeypatch.setattr(verilator, "find_verilator", lambda: SimpleNamespace(version=(5, 36)))
        monkeypatch.setattr(builds, "_built", lambda *_: {"bitstream": "x.bin", "sha256": "0", **BUILT})
        list(builds.built_finalists([FINALIST], BOARD, DATA.test.images[:2], folder, store))
    else:
        explorer = explorer_in(folder, store=store)
        explorer.fpga = fpga_of(BOARD)
        explorer.recall(settings_of())
    return store.paths[kind]


ROW = {"fpga_luts": 9, "fpga_brams": 3, "fpga_cycles": 31}
BUILT = {"luts": 10, "brams": 2, "cycles": 31}
FINALIST = builds.Finalist(0, ROW, BUNDLE)


def question():
    designs = {"tiny": BUNDLE.design}
    return Question(
        step=Step(command="explore", seed=SEED),
        bundles={"tiny": BUNDLE},
        dataset=DATA,
        images=IMAGES,
        chips=CHIPS,
        yield_at=None,
        space=space_of({}, None, designs),
        settings=Settings(designs, array_of),
        search="nsga2",
        points=10,
        objectives={"lut": OBJECTIVES["lut"]},
        wish=None,
        wished=None,
        finalists=0,
        fpga=fpga_of(BOARD),
        costs=Costs(read_constants(), read_macro()),
    )


def test_every_file_that_a_result_follows_from_changes_its_key(computed, tree, tmp_path, monkeypatch):
    kind, files = computed

    def key():
        return key_now(kind, tmp_path, monkeypatch)

    assert len(files) > 10
    first, left_out = key(), []
    for name in sorted(files):
        path = tree / name
        text = path.read_bytes()
        path.write_bytes(text + b"\n")
        if key() == first:
            left_out.append(name)
        path.write_bytes(text)
    assert left_out == []
    assert key() == first


def test_a_file_that_has_no_part_in_a_result_changes_no_key(computed, tree, tmp_path, monkeypatch):
    kind, files = computed
    for name in [*OTHERS[kind], "README.md", "sw/cli.py", "sw/zoo/digits.engram", "sw/zoo/README.md"]:
        assert name not in files
        first, text = key_now(kind, tmp_path, monkeypatch), (tree / name).read_bytes()
        (tree / name).write_bytes(text + b"\n")
        assert key_now(kind, tmp_path, monkeypatch) == first, name
        (tree / name).write_bytes(text)
