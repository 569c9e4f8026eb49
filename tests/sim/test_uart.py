"""The bad line that the UART receiver is tried on, and the comparison of what it makes of it."""

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

import sim.uart
from hw.host.uart import UartReceiver
from sim.uart import LATENCY_CYCLES, OFF, Line, bad_line, compare, simulate_uart
from tests.helpers.rtl import Bench


def random_bytes(count: int, seed: int = 1) -> tuple[np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, count, dtype=np.uint8), rng


def middles(line: Line, divisor: int) -> np.ndarray:
    """Bytes (n,) by a look at each bit's middle, of which no sample is bad then."""
    lengths = (line.ends - line.begins) / 10
    places = line.begins + np.round(lengths * np.arange(1.5, 9)[:, np.newaxis]).astype(int)
    votes = sum(line.levels[places + step].astype(int) for step in (-1, 0, 1)) >= 2
    return np.packbits(votes.T, axis=1, bitorder="little")[:, 0]


@pytest.mark.parametrize("divisor", [15, 24, 101])
def test_the_line_is_as_bad_as_it_says_and_no_worse(divisor):
    data, rng = random_bytes(2_000)
    line = bad_line(data, divisor, rng)
    assert np.array_equal(middles(line, divisor), data)
    lengths = (line.ends - line.begins) / 10 / divisor
    assert np.abs(lengths - 1).max() <= OFF + 0.1 / divisor
    assert lengths.min() < 1 - OFF * 0.8 and lengths.max() > 1 + OFF * 0.8
    assert (line.begins[1:] == line.ends[:-1]).mean() > 0.4
    assert 0.85 < line.spoilt / 20_000 < 0.95
    lows = []
    for begin, end in zip(line.ends[:-1], line.begins[1:], strict=True):
        gap = line.levels[begin:end]
        falls = np.flatnonzero(np.diff(np.concatenate([[1], gap.astype(int), [1]])))
        runs = np.diff(falls)[::2]
        lows += runs.tolist()
        if len(runs):
            assert gap[:2].all() and gap[-2:].all()
            assert np.diff(falls)[1::2].min(initial=2) >= 2
    short = [low for low in lows if low < divisor * 10]
    assert max(short) == (divisor - 1) // 2 and len(lows) - len(short) > 20


def test_the_receiver_bears_the_line():
    divisor, (data, rng) = 15, random_bytes(40, seed=4)
    line = bad_line(data, divisor, rng)
    dut = UartReceiver(divisor)
    bench = Bench(dut, budget=len(line.levels) + 10)
    cycles, got = [], []

    async def pin(ctx):
        ctx.set(dut.o.ready, 1)
        for cycle, level in enumerate(line.levels.tolist()):
            ctx.set(dut.rx, level)
            await ctx.tick()
            if ctx.get(dut.o.valid):
                cycles.append(cycle)
                got.append(ctx.get(dut.o.payload))

    bench.testbench(pin)
    bench.run()
    assert compare(data, line, np.array(cycles), np.array(got))[:3] == (40, 0, 0)


def test_each_byte_is_compared_with_its_frame():
    data = np.array([5, 6, 7, 8], np.uint8)
    begins = np.array([100, 200, 300, 400])
    line = Line(np.ones(500, bool), begins, begins + 90, 0, 0)
    for came, wrong, invented in (
        ([(189, 5), (289, 6), (389, 7), (489, 8)], 0, 0),
        ([(189, 5), (289, 6), (389, 7)], 1, 0),
        ([(189, 5), (289, 9), (389, 7), (489, 8)], 1, 0),
        ([(150, 5), (189, 5), (289, 6), (389, 7), (489, 8)], 0, 1),
        ([(50, 1), (189, 5), (195, 2), (289, 6), (389, 7), (489, 8)], 0, 2),
        ([(189, 6), (289, 7), (389, 8)], 4, 0),
        ([], 4, 0),
    ):
        cycles = np.array([cycle + LATENCY_CYCLES for cycle, _ in came], np.int64)
        got = np.array([byte for _, byte in came], np.uint8)
        assert compare(data, line, cycles, got)[:3] == (4, wrong, invented), came


@pytest.mark.parametrize("lost", [0, 1])
def test_the_command_counts_and_fails_when_a_byte_is_lost(monkeypatch, lost):
    monkeypatch.setattr(sim.uart, "BATCH_BYTES", 20)
    monkeypatch.setattr(sim.uart, "receiver_model", lambda divisor: divisor)
    lines = []

    def line_of(data, divisor, rng):
        lines.append(bad_line(data, divisor, rng))
        return lines[-1]

    def receive(divisor, levels):
        kept = slice(lost if len(lines) == 2 else 0, None)
        return (lines[-1].ends - 1 + LATENCY_CYCLES)[kept], middles(lines[-1], divisor)[kept]

    monkeypatch.setattr(sim.uart, "bad_line", line_of)
    monkeypatch.setattr(sim.uart, "receive", receive)
    application = typer.Typer()
    application.command()(simulate_uart)
    ran = CliRunner().invoke(application, ["--bytes", "50", "--divisor", "16", "--json"])
    counted = json.loads(ran.stdout)
    assert ran.exit_code == lost
    assert (counted["sent"], counted["wrong"], counted["invented"]) == (50, lost, 0)
    assert counted["spoilt"] == sum(line.spoilt for line in lines)
