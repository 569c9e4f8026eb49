"""The engram command as a whole: help, version, and how errors end it."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sw import cli
from sw.version import engram_version

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "demo",
    "train",
    "templates",
    "evaluate",
    "explore",
    "program",
    "simulate",
    "build",
    "boards",
    "cache",
    "doctor",
)


def engram(*arguments):
    """Run the command as a process of its own."""
    command = [sys.executable, "-m", "sw.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_help_lists_every_command():
    done = engram("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert f" {command} " in done.stdout


def test_version():
    done = engram("--version")
    assert (done.returncode, done.stdout) == (0, f"engram {engram_version()}\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_json_and_seed(command):
    done = CliRunner().invoke(cli.application(), [command, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert "--json" in done.stdout
    assert ("--seed" in done.stdout) == (command not in ("boards", "cache", "doctor"))


def test_a_refusal_is_one_line_on_standard_error_and_exit_code_2(tmp_path):
    path = tmp_path / "x.engram"
    path.write_text("hello")
    done = engram("evaluate", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {path} is not an Engram bundle, or is damaged; a bundle comes from 'engram train'\n"
    )


@pytest.mark.parametrize("command", ["templates", "evaluate", "explore", "program", "simulate", "build"])
def test_every_command_refuses_a_missing_bundle(command, tmp_path):
    path = tmp_path / "no.engram"
    output = ["-o", str(tmp_path / "out")]
    more = {"templates": output, "program": output, "build": ["--board", "icebreaker"]}.get(command, [])
    done = CliRunner().invoke(cli.application(), [command, str(path), *more])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: cannot read {path}: No such file or directory; a bundle is a *.engram file\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["evaluate"],
        ["evaluate", "x", "--chips", "0"],
        ["explore"],
        ["explore", "x", "--search", "luck"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2(arguments):
    done = engram(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_a_missing_optional_package_says_how_to_install_it(monkeypatch, capsys):
    def application():
        raise ModuleNotFoundError("No module named 'torch'", name="torch.nn")

    monkeypatch.setattr(cli, "application", application)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert capsys.readouterr().err == (
        "error: this needs the package torch, which is not installed; "
        "install it with: pip install 'engram-rram[train]'\n"
    )


def test_a_missing_package_that_nothing_brings_is_a_mistake_of_ours(monkeypatch):
    def application():
        raise ModuleNotFoundError("No module named 'sw.nothing'", name="sw.nothing")

    monkeypatch.setattr(cli, "application", application)
    with pytest.raises(ModuleNotFoundError):
        cli.main()
