"""Proofs hold, and each of them fails when the block it speaks of is broken."""

import inspect
import json
import subprocess
import sys

import numpy as np
import pytest
import typer
from amaranth.hdl import Assert, Module, Signal
from amaranth.lib.wiring import Component, In
from typer.testing import CliRunner

import formal.proof
import formal.proofs
import hw.adc
import hw.array.match_lines
import hw.classifier.winner
import hw.frontend.streaming.activation
import hw.frontend.streaming.branch
import hw.frontend.streaming.mac
import hw.frontend.streaming.queue
import hw.frontend.streaming.regroup
import hw.host.uart
import hw.quantiser.word_packer
import hw.skid_buffer
from formal.__main__ import run_proofs
from formal.adc import REAL, REAL_TABLES, SHARED, SHARED_TABLES, AdcSpec, codes_of
from formal.proof import Proof, prove
from formal.proofs import PROOFS
from formal.reductions import POINTWISE, WORD, HeldSpec
from formal.sample_hold import CurrentSpec, HoldSpec
from formal.specification import without_reset
from formal.streams import RegroupSpec, SerialiserSpec, SkidSpec, WordPackerSpec
from formal.uart import LineSpec
from formal.ways import ForkSpec, QueueSpec
from formal.winner import WinnerSpec

BY_NAME = {proof.name: proof for proof in PROOFS}
SLOW = {"adc-real-size", "match-lines", "uart-slow"}
"""More than five seconds each; ``python -m formal`` runs them."""


def mutant(module, name, old, new):
    """The class `name` of a module in whose source the only `old` became `new`."""
    source = inspect.getsource(module)
    assert source.count(old) == 1, f"{old!r} is {source.count(old)} times in {module.__name__}"
    namespace = {"__name__": f"mutant of {module.__name__}"}
    exec(compile(source.replace(old, new), module.__file__, "exec"), namespace)
    return namespace[name]


@pytest.mark.parametrize("name", [name for name in BY_NAME if name not in SLOW])
def test_proved(name):
    outcome = prove(BY_NAME[name])
    assert (outcome.verdict, outcome.detail, outcome.waveform) == ("proved", "", None)


def test_every_proof_has_its_own_name():
    assert len(BY_NAME) == len(PROOFS)
    assert set(BY_NAME) > SLOW


MUTANTS = {
    "word packer takes values while a word waits": (
        lambda block: WordPackerSpec(block=block),
        (
            hw.quantiser.word_packer,
            "WordPacker",
            "self.i.ready.eq(~self.o.valid | self.o.ready)",
            "self.i.ready.eq(1)",
        ),
    ),
    "word packer does not end a word with its tile": (
        lambda block: WordPackerSpec(block=block),
        (hw.quantiser.word_packer, "WordPacker", "(row == rows - 1) | last_feature", "last_feature"),
    ),
    "regroup keeps old values in empty places": (
        lambda block: RegroupSpec(items=3, item_values=1, word_values=2, words=2, block=block),
        (hw.frontend.streaming.regroup, "Regroup", "m.d.sync += part.eq(0)", "m.d.sync += part.eq(part)"),
    ),
    "regroup delivers what belongs to no channel": (
        lambda block: RegroupSpec(items=5, item_values=2, word_values=4, words=2, block=block),
        (hw.frontend.streaming.regroup, "Regroup", "word < self._words", "word <= self._words"),
    ),
    "serialiser moves on although nothing was taken": (
        lambda block: SerialiserSpec(4, 2, block=block),
        (
            hw.frontend.streaming.activation,
            "Serialiser",
            "m.If(self.o.valid & self.o.ready)",
            "m.If(self.o.valid)",
        ),
    ),
    "serialiser ends a group with its first item": (
        lambda block: SerialiserSpec(4, 2, block=block),
        (
            hw.frontend.streaming.activation,
            "Serialiser",
            "self.held_valid & self.o.ready & last_round",
            "self.held_valid & self.o.ready & (round_ == 0)",
        ),
    ),
    "skid buffer overwrites an item that waits": (
        lambda block: SkidSpec(block=block),
        (hw.skid_buffer, "SkidBuffer", "m.If(~waiting)", "m.If(1)"),
    ),
    "skid buffer takes an item and has no place for it": (
        lambda block: SkidSpec(block=block),
        (hw.skid_buffer, "SkidBuffer", "self.i.ready.eq(~waiting)", "self.i.ready.eq(1)"),
    ),
    "fork forgets who has an item": (
        lambda block: ForkSpec(2, block=block),
        (hw.frontend.streaming.branch, "Fork", "self.i.valid & ~had[number]", "self.i.valid"),
    ),
    "fork keeps who had the item before": (
        lambda block: ForkSpec(2, block=block),
        (hw.frontend.streaming.branch, "Fork", "Mux(self.i.ready, 0, have)", "have"),
    ),
    "queue takes a word and has no place for it": (
        lambda block: QueueSpec(2, block=block),
        (hw.frontend.streaming.queue, "Queue", "self.i.ready.eq(~waiting[-1])", "self.i.ready.eq(1)"),
    ),
    "queue drops the word that is offered": (
        lambda block: QueueSpec(2, block=block),
        (
            hw.frontend.streaming.queue,
            "Queue",
            "(waiting != 0) & (~self.o.valid | self.o.ready)",
            "waiting != 0",
        ),
    ),
    "max-pool overwrites maxima that are still needed": (
        lambda block: HeldSpec(block(WORD)),
        (
            hw.frontend.streaming.mac,
            "MaxArray",
            "self.valid & self.ends_group & (~self.held_valid | self.held_done)",
            "self.valid & self.ends_group",
        ),
    ),
    "max-pool takes the minimum": (
        lambda block: HeldSpec(block(WORD)),
        (hw.frontend.streaming.mac, "MaxArray", "(value > largest)", "(value < largest)"),
    ),
    "sums are overwritten while they are still needed": (
        lambda block: HeldSpec(block(POINTWISE, WORD)),
        (
            hw.frontend.streaming.mac,
            "MacArray",
            "at_end.last & (~self.held_valid | self.held_done)",
            "at_end.last",
        ),
    ),
    "adc pipeline moves while its code waits": (
        lambda block: AdcSpec(block=block),
        (hw.adc, "AdcReadout", "advance.eq(~self.o.valid | self.o.ready)", "advance.eq(1)"),
    ),
    "adc wraps above its largest code": (
        lambda block: AdcSpec(block=block),
        (hw.adc, "AdcReadout", "shifted > design.max_adc_code,", "shifted < 0,"),
    ),
    "adc does not stop at zero": (
        lambda block: AdcSpec(block=block),
        (hw.adc, "AdcReadout", "Mux(shifted < 0, 0, ", "Mux(shifted < -5, 0, "),
    ),
    "adc of another match line": (
        lambda block: AdcSpec(block=block),
        (hw.adc, "AdcReadout", "design.adc_of_match_line(line)", "0"),
    ),
    "winner gives ties to the highest template": (
        lambda block: WinnerSpec(block=block),
        (hw.classifier.winner, "WinnerTakeAll", "_greater(score, c_score)", "~_greater(c_score, score)"),
    ),
    "winner gives ties to the highest class": (
        lambda block: WinnerSpec(block=block),
        (hw.classifier.winner, "WinnerTakeAll", "_greater(c_score, best)", "~_greater(best, c_score)"),
    ),
    "winner forgets the second best": (
        lambda block: WinnerSpec(block=block),
        (hw.classifier.winner, "WinnerTakeAll", "_greater(c_score, other)", "_greater(other, c_score)"),
    ),
    "winner takes scores of the next image too early": (
        lambda block: WinnerSpec(block=block),
        (hw.classifier.winner, "WinnerTakeAll", "self.i.ready.eq(~closing)", "self.i.ready.eq(1)"),
    ),
    "sample-and-hold is overwritten": (
        lambda block: HoldSpec(block=block),
        (hw.array.match_lines, "MatchLines", "& (~hold_full | leaving_last)", "& 1"),
    ),
    "sample-and-hold is overwritten, seen from outside": (
        lambda block: CurrentSpec(block=block),
        (hw.array.match_lines, "MatchLines", "& (~hold_full | leaving_last)", "& 1"),
    ),
    "pipeline moves while the sample-and-hold is full": (
        lambda block: HoldSpec(block=block),
        (
            hw.array.match_lines,
            "MatchLines",
            "advance.eq(~at_end.last | capture)",
            "advance.eq(1)",
        ),
    ),
    "match lines pick the other device": (
        lambda block: CurrentSpec(block=block),
        (
            hw.array.match_lines,
            "MatchLines",
            "Mux(level, second, first)",
            "Mux(level, first, second)",
        ),
    ),
    "uart decides by one sample": (
        lambda block: LineSpec(block=block),
        (
            hw.host.uart,
            "UartReceiver",
            "line.eq((sample & earlier) | (sample & earliest) | (earlier & earliest))",
            "line.eq(earlier)",
        ),
    ),
    "uart takes a glitch for a start bit": (
        lambda block: LineSpec(block=block),
        (hw.host.uart, "UartReceiver", "m.Elif((bits_left == FRAME_BITS) & line)", "m.Elif(Const(0))"),
    ),
    "uart takes a break for a byte": (
        lambda block: Tied(LineSpec(4, 0.02, bad=False, block=block), low=1, length=400),
        (hw.host.uart, "UartReceiver", "with m.Elif(line)", "with m.Elif(1)"),
    ),
}
DEPTHS = {"uart takes a break for a byte": 50}
"""Cycles from reset until it shows; 14 where nothing is said."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_block_is_refuted(name):
    """By a run from reset, so it is the block that fails and no lemma about its registers."""
    specification, change = MUTANTS[name]
    block = mutant(*change)
    outcome = prove(Proof(name, "", "bounded", DEPTHS.get(name, 14), lambda: specification(block)))
    assert outcome.verdict == "refuted"
    assert outcome.waveform.startswith("$")


def test_the_adc_cases_saturate_at_both_ends():
    for design, tables in ((SHARED, SHARED_TABLES), (REAL, REAL_TABLES)):
        codes = codes_of(design, tables)
        assert codes.shape == (design.row_tiles, design.templates, design.max_current + 1)
        for limit in (0, design.max_adc_code):
            assert np.any((codes == limit).sum(axis=2) > 1)


def test_the_command_prints_one_object():
    ran = subprocess.run(
        [sys.executable, "-m", "formal", "serialiser", "--json"], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    (result,) = json.loads(ran.stdout)["proofs"]
    assert (result["proof"], result["kind"], result["verdict"]) == ("serialiser", "unbounded", "proved")


def test_the_command_fails_and_keeps_the_waveform_when_a_proof_does(tmp_path, monkeypatch):
    name = "winner gives ties to the highest class"
    specification, change = MUTANTS[name]
    block = mutant(*change)
    broken = Proof("broken", "ties go to the lowest template", "unbounded", 9, lambda: specification(block))
    monkeypatch.setattr(formal.proofs, "PROOFS", (broken,))
    monkeypatch.chdir(tmp_path)
    application = typer.Typer()
    application.command()(run_proofs)
    ran = CliRunner().invoke(application, ["--json"])
    assert ran.exit_code == 1
    (result,) = json.loads(ran.stdout)["proofs"]
    assert result["verdict"] == "refuted"
    assert result["detail"].startswith("winner.py:")
    assert (tmp_path / result["waveform"]).read_text().startswith("$")


def test_induction_that_does_not_close_is_not_a_proof():
    outcome = prove(Proof("forgetful", "", "unbounded", 4, Forgetful))
    assert outcome.verdict == "undecided"
    assert outcome.detail.startswith("test_proofs.py:")


class Tied(Component):
    """A specification whose inputs are constant, 0 where nothing is said, so that a long run is quick."""

    def __init__(self, specification, **values):
        self._specification, self._values = specification, values
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        m.submodules.specification = self._specification
        m.d.comb += [getattr(self._specification, name).eq(value) for name, value in self._values.items()]
        return m


class Forgetful(Component):
    """Holds from reset on, but not from every state."""

    a: In(1)

    def elaborate(self, platform):
        m = Module()
        left, right = Signal(), Signal()
        with m.If(self.a):
            m.d.sync += [left.eq(~left), right.eq(~right)]
        without_reset(m)
        m.d.comb += Assert((left == right) | self.a)
        return m


def test_the_command_names_the_proofs_it_knows():
    ran = subprocess.run([sys.executable, "-m", "formal", "nonsense"], capture_output=True, text=True)
    assert ran.returncode == 2
    message = " ".join(ran.stderr.split())
    assert message.startswith("error: there is no proof 'nonsense'; choose from word-packer,")


@pytest.mark.parametrize("place", ["engine_0", "engine_0.basecase"])
def test_an_assertion_broken_from_reset_is_named_before_one_of_the_induction(place):
    log = (
        "SBY 1 [run] engine_0.induction: ##   0:00:00  Assert failed in top: adc.py:7 (check)\n"
        f"SBY 2 [run] {place}: ##   0:00:00  Assert failed in top: winner.py:129 (check)\n"
        "SBY 3 [run] DONE (FAIL, rc=2)\n"
    )
    assert formal.proof._assertion(log) == "winner.py:129"
