"""Help of every program: whole at any width and in any encoding."""

import os
import re

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from formal.__main__ import run_proofs
from hw.build import build
from hw.tuning.calibrate import calibrate
from hw.tuning.sparsity import sparsity
from sim.netlist.run import simulate_netlist
from sim.run import simulate
from sim.uart import simulate_uart
from sw.cli import application
from sw.commands.explore.command import explore
from sw.commands.train.command import train
from sw.shell.start import alone

ALONE = (build, simulate, simulate_netlist, simulate_uart, calibrate, sparsity, run_proofs, train, explore)


def programs():
    """Every command, with the words that lead to it and the program it is part of."""

    def walk(program, command, words):
        yield program, command, words
        for name, below in getattr(command, "commands", {}).items():
            yield from walk(program, below, [*words, name])

    for program in (application(), *map(alone, ALONE)):
        yield from walk(program, get_command(program), [])


PROGRAMS = list(programs())
NAMES = [" ".join([command.name or "engram", *words]) for _, command, words in PROGRAMS]


def helped(program, words, columns, charset="utf-8"):
    done = CliRunner(charset=charset).invoke(program, [*words, "--help"], env={"COLUMNS": str(columns)})
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(("program", "command", "words"), PROGRAMS, ids=NAMES)
def test_options_are_whole_at_any_width(program, command, words):
    options = [name for each in command.params for name in (*each.opts, *each.secondary_opts)]
    for columns in (20, 40, 60, 80, 200):
        lines = helped(program, words, columns).splitlines()
        listed = [line for line in lines if re.match(r"  \S", line)]
        for name in options:
            if name.startswith("-"):
                assert any(name in re.split(r"[ ,/]+", line) for line in listed), (columns, name)
        assert not any("…" in line for line in lines)
        if columns >= 60:
            assert max(map(len, [line for line in lines if line not in listed])) <= min(columns, 100)


@pytest.mark.parametrize(("program", "command", "words"), PROGRAMS, ids=NAMES)
def test_help_says_what_every_option_does_and_its_default(program, command, words):
    text = " ".join(helped(program, words, 80).split())
    for each in command.params:
        if getattr(each, "help", None):
            assert " ".join(each.help.split()) in text
        if (
            getattr(each, "show_default", False) is True
            and isinstance(each.default, int)
            and each.default > 1
        ):
            assert f"[default: {each.default}" in text


def test_what_an_encoding_lacks_is_replaced_in_help():
    def measure(size: int = typer.Option(3, help="Größe in µm, 3 × 3 …")):
        """Measure … ★."""

    text = helped(alone(measure), [], 80, charset="ascii")
    assert "Measure ... *." in text
    assert "Gr\\xf6\\xdfe in um, 3 x 3 ... [default: 3]" in text


def test_options_with_a_panel_of_their_own_stand_below_it():
    lines = helped(application(), ["program"], 80).splitlines()
    panel = lines.index("Array:")
    assert lines.index("Options:") < panel < lines.index("  --device <str>")
    assert lines[lines.index("  --adc-bits <int>") + 1].startswith("      Bits of the ADCs")


def test_without_any_word_the_program_shows_its_help():
    done = CliRunner().invoke(application(), [], env={"COLUMNS": "80"})
    assert done.exit_code == 2
    assert "Commands:" in done.output


def test_columns_may_be_nonsense():
    assert "Usage: " in helped(alone(train), [], "x" + os.sep)
