"""``engram virtual``: a build behind a pseudo-terminal, and what can be done to it by typing."""

import json

import pytest
from click.testing import Result
from typer.testing import CliRunner

from sw.cli import application
from tests.helpers.commands import run
from tests.helpers.host import build_of, virtual_design


def typed(*arguments: object, text: str) -> Result:
    return CliRunner().invoke(application(), [str(argument) for argument in arguments], input=text)


@pytest.mark.usefixtures("models")
def test_a_build_runs_until_it_is_unplugged(tmp_path):
    design = virtual_design()
    build_of(design, tmp_path)
    done = typed("virtual", tmp_path, "--json", text="reset\n\nnoise 5\nfly\nreset x\nunplug\n")
    said = json.loads(done.stdout)
    assert done.exit_code == 0
    assert (said["baud"], said["bundle"]) == (design.baud, design.bundle.digest)
    assert said["timeout"] >= 2 and said["slowdown"] >= 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f"1BitSquared iCEBreaker at {said['port']}, ")
    assert lines[0].endswith(f"; engram run BUNDLE --port {said['port']} --timeout {said['timeout']:g}")
    assert lines[1:] == [
        "'fly' is no order: type one of reset, noise, unplug, if need be with a number",
        "'reset x' is no order: type one of reset, noise, unplug, if need be with a number",
        "unplugged",
    ]


def test_what_is_no_build_is_one_line(tmp_path):
    code, out, err = run("virtual", tmp_path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "report.json: No such file or directory; give a folder that 'engram build' made" in err
