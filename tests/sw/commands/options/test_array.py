"""Options of an array: the same for every command, each in its place."""

import inspect
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from sw.commands.evaluate.command import evaluate
from sw.commands.options.array import Array, ArrayOptions, chosen_array
from sw.commands.options.declared import takes_options
from sw.commands.program import program
from sw.errors import EngramError
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.known import EFFECTS

FLAGS = ["--" + name.replace("_", "-") for name in inspect.signature(chosen_array).parameters]


@pytest.fixture
def chosen():
    """Runs a command with an argument, an option and an array; gives what it got."""
    got = []

    @takes_options
    def command(name: str, array: ArrayOptions, other: Annotated[int, typer.Option("--other")] = 3) -> None:
        """What it does."""
        got.append((name, chosen_array(**array), other))

    application = typer.Typer()
    application.command()(command)

    def run(*arguments):
        result = CliRunner().invoke(application, ["name", *arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return got.pop()

    return run


def test_without_options_it_is_the_default_device_at_default_conditions(chosen):
    assert chosen() == ("name", Array(DEVICES["cmo-hfox"], Conditions()), 3)


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        ("--cell-bits 3", {"cell_bits": 3}),
        ("--adc-bits 6", {"adc": {"bits": 6}}),
        ("--adc-bits 0", {"adc": {"bits": None}}),
        ("--adc-kind ramp", {"adc": {"kind": "ramp"}}),
        ("--adc-gain-sigma 0.1", {"adc": {"gain_sigma": 0.1}}),
        ("--adc-offset-sigma-lsb 2", {"adc": {"offset_sigma_lsb": 2}}),
        ("--adc-unit-sigma 0.1", {"adc": {"unit_sigma": 0.1}}),
        ("--read-time 1d", {"read_time_seconds": 86_400}),
        ("--noise", {"read_noise": True}),
        ("--no-noise", {}),
        ("--write-verify", {"write_verify": True}),
        ("--word-line-ohms 2", {"word_line_ohms": 2}),
        ("--match-line-ohms 3", {"match_line_ohms": 3}),
        ("--spare-lines 2", {"coping": {"spare_lines": 2}}),
        ("--polarity", {"coping": {"polarity": True}}),
        ("--calibrate-adc", {"coping": {"calibrate_adc": True}}),
    ],
)
def test_each_option_sets_its_condition(chosen, arguments, changes):
    _, array, _ = chosen(*arguments.split())
    assert array.conditions == Conditions().with_(**changes)
    assert array.device is DEVICES["cmo-hfox"] or array.device == DEVICES["cmo-hfox"]


@pytest.mark.parametrize("name", ["p_stuck_hrs", "p_stuck_lrs", "p_broken_row", "p_broken_col"])
def test_probabilities_go_to_the_device(chosen, name):
    _, array, other = chosen(f"--{name.replace('_', '-')}", "0.1", "--other", "4")
    assert array.device == DEVICES["cmo-hfox"].with_(**{name: 0.1})
    assert other == 4


def test_probabilities_of_a_device_file_hold_unless_given(chosen, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('like = "cmo-hfox"\np_stuck_hrs = 0.2\np_stuck_lrs = 0.1\n')
    _, array, _ = chosen("--device", str(path), "--p-stuck-lrs", "0")
    assert (array.device.p_stuck_hrs, array.device.p_stuck_lrs) == (0.2, 0.0)


def test_temperature_and_cycles_need_a_device_with_their_laws(chosen, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'like = "cmo-hfox"\n[retention]\nactivation_energy_ev = 1.0\nreference_kelvin = 300\n'
        "[endurance]\nonset_cycles = 10\nnarrowing_per_decade = 0.1\n"
    )
    options = ["--device", str(path), "--read-time", "1h", "--temperature-kelvin", "330", "--cycles", "1000"]
    _, array, _ = chosen(*options)
    assert (array.conditions.temperature_kelvin, array.conditions.cycles) == (330, 1_000)
    with pytest.raises(EngramError, match="cycles must be left out for device 'cmo-hfox'"):
        chosen("--cycles", "2")


def test_every_option_of_every_effect_is_one_of_an_array():
    names = list(inspect.signature(chosen_array).parameters)
    for effect in EFFECTS:
        assert {option.name for option in effect.options} <= set(names), effect.name
    assert names[:4] == ["device", "cell_bits", "adc_bits", "adc_kind"]
    assert names[-3:] == ["spare_lines", "polarity", "calibrate_adc"]
    assert names.index("write_verify") + 1 == names.index("p_stuck_hrs")


def test_a_parameter_that_no_option_sets_is_refused():
    with pytest.raises(TypeError, match="read_tim"):
        chosen_array(read_tim="1d")


@pytest.mark.parametrize("command", [evaluate, program])
def test_commands_that_program_have_all_of_them(command):
    application = typer.Typer()
    application.command()(command)
    shown = CliRunner().invoke(application, ["--help"], env={"COLUMNS": "300"}).output
    assert all(flag in shown for flag in FLAGS)
