"""cocotb testbench of the AXI-Stream core, between source and sink of cocotbext-axi.

The job has the ``pixels`` of all packets one after the other, their ``lengths`` and that of an ``image``,
``word_bytes``, ``seed`` of the stalls and ``patience`` in cycles. The outcome has the ``words``, one for each
packet, and ``cycles``. It begins with a reset in the middle of an image, of which nothing may be left.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, with_timeout
from cocotb.utils import get_sim_time
from cocotbext.axi import AxiStreamBus, AxiStreamFrame, AxiStreamSink, AxiStreamSource

from sim.job import JOB, OUTCOME, PROGRESS
from sim.streams import STALL_RATES, STALL_UNIT

PERIOD_NS = 2
MOST_AT_A_RATE = 500
"""Cycles until another rate of stalls is drawn, at most."""


def stalls(rng: np.random.Generator) -> Iterator[bool]:
    """Whether to pause in each cycle; the rate changes now and then."""
    while True:
        rate = int(rng.choice(STALL_RATES))
        yield from (rng.integers(STALL_UNIT, size=int(rng.integers(1, MOST_AT_A_RATE))) < rate).tolist()


@cocotb.test()
async def packets(dut: Any) -> None:
    """Send all packets and keep what comes."""
    with np.load(JOB) as job:
        pixels, lengths, seed = job["pixels"], job["lengths"], int(job["seed"])
        word_bytes, patience, image = int(job["word_bytes"]), int(job["patience"]), int(job["image"])
    random = [np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(2)]
    dut.aresetn.value = 0
    Clock(dut.aclk, PERIOD_NS, unit="ns", impl="gpi").start()
    source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.aclk, dut.aresetn, False)
    sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.aclk, dut.aresetn, False)
    await ClockCycles(dut.aclk, 4)
    dut.aresetn.value = 1
    await source.send(AxiStreamFrame(pixels[: lengths[0]].tobytes()))
    await ClockCycles(dut.aclk, max(2, int(lengths[0]) // 2))
    dut.aresetn.value = 0
    await ClockCycles(dut.aclk, 4)
    assert sink.empty() and not int(dut.m_axis_tvalid.value)
    source.clear()
    sink.clear()
    dut.aresetn.value = 1
    await ClockCycles(dut.aclk, 1)
    source.set_pause_generator(stalls(random[0]))
    sink.set_pause_generator(stalls(random[1]))

    began = get_sim_time("ns")
    for packet in np.split(pixels, np.cumsum(lengths)[:-1]):
        await source.send(AxiStreamFrame(packet.tobytes()))
    words = np.zeros((len(lengths), word_bytes), np.uint8)
    with Path(PROGRESS).open("wb", buffering=0) as done:
        for word, length in zip(words, lengths.tolist(), strict=True):
            frame = await with_timeout(sink.recv(), patience * PERIOD_NS, "ns")
            assert len(frame.tdata) == word_bytes, "a result must be one word"
            word[:] = list(frame.tdata)
            if length == image:
                done.write(b".")
    cycles = int(get_sim_time("ns") - began) // PERIOD_NS
    await ClockCycles(dut.aclk, 100)
    assert sink.empty(), "a result that nobody asked for"
    np.savez(OUTCOME, words=words, cycles=cycles)
