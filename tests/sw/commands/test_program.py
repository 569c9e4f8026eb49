"""'engram program': what it writes, says and refuses."""

import json
import shlex

from sw.bundle import load
from tests.helpers.commands import run


def test_program_says_in_words_what_it_did(digits, tmp_path):
    code, out, err = run("program", digits[2], "-o", tmp_path / "c.engram", "--p-stuck-hrs", 0.01)
    assert code == 0
    assert out.startswith("5,120 devices of cmo-hfox, chip of seed 0\nstuck: ")
    stuck = int(out.split("stuck: ")[1].split(" in HRS")[0])
    assert f"stuck: {stuck} in HRS, 0 in LRS ({stuck / 5_120:.2%})\n" in out
    assert "conductance codes 0 to 15: 50." in out
    assert f"chip written to {tmp_path / 'c.engram'}" in err


def test_program_says_what_write_verify_took_and_what_lies_on_broken_lines(digits, tmp_path):
    options = ["--write-verify", "--p-broken-col", 0.2, "-o", tmp_path / "c.engram"]
    code, out, _ = run("program", digits[2], *options)
    assert code == 0
    assert "; on broken lines: " in out
    assert " RESET pulses per device, at most 255; " in out
    result = json.loads(run("program", digits[2], *options, "--json")[1])
    assert result["open"] > 0
    assert result["write_failures"] == result["open"]
    assert result["record"]["p_broken_col"] == 0.2


def test_program_prints_a_device_file_that_it_takes(digits, tmp_path):
    code, example, _ = run("program", "--device-example")
    assert code == 0
    (tmp_path / "mine.toml").write_text(example)
    options = ["--device", tmp_path / "mine.toml", "--noise", "--read-time", "1h", "--cycles", 10**6]
    code, out, err = run("program", digits[2], *options, "-o", tmp_path / "c.engram")
    assert code == 0, err
    assert out.startswith("5,120 devices of my-oxide")


def test_adc_bits_zero_is_the_ideal_adc(digits, tmp_path):
    run("program", digits[2], "-o", tmp_path / "c.engram", "--adc-bits", 0)
    assert load(tmp_path / "c.engram").design.adc_bits is None


def test_program_refuses_what_is_not_a_bundle(tmp_path):
    (tmp_path / "x.engram").write_bytes(b"hello")
    code, out, err = run("program", tmp_path / "x.engram", "-o", tmp_path / "y.engram")
    assert (code, out) == (2, "")
    assert "is not an Engram bundle, or is damaged; a bundle comes from 'engram train'" in err
    assert not (tmp_path / "y.engram").exists()


def test_program_is_a_step_of_the_bundle_that_it_writes_which_makes_the_same_chip(digits, tmp_path):
    (tmp_path / "mine.toml").write_text(run("program", "--device-example")[1])
    options = ["--device", tmp_path / "mine.toml", "--adc-bits", 6, "--programmable", "--seed", 3]
    assert run("program", digits[2], *options, "-o", tmp_path / "c.engram")[0] == 0
    (step,) = load(tmp_path / "c.engram").provenance.steps
    assert (step.command, step.arguments, step.seed) == ("program", ("digits.engram",), 3)
    assert dict(step.options) == {"device": "mine.toml", "adc-bits": 6, "programmable": True}
    assert set(step.versions) == {"engram", "numpy", "scipy"}
    words = shlex.split(step.line.replace("digits.engram", str(digits[2])))[1:]
    words[words.index("mine.toml")] = str(tmp_path / "mine.toml")
    assert run(*words, "-o", tmp_path / "again.engram")[0] == 0
    assert (tmp_path / "again.engram").read_bytes() == (tmp_path / "c.engram").read_bytes()
