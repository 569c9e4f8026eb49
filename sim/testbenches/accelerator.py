"""cocotb testbench of the accelerator, with or without its front end: feeds images, writes down the answers.

Nothing is compared here. Job, outcome and progress are files as :mod:`sim.job` says. The job holds
``inputs``, uint8 (images, inputs, bits), ``first_image``, the index of the first image, on which read noise
depends, ``settling``, cycles after which its noise is there, ``seed``, and ``word_chunks``, pieces to keep of
every word of word-line values that went into the array, 0 to keep nothing. Three kinds of batch are run:

- images back to back without any stall, which gives the cycles per image;
- images back to back at random stalls, with results that wait about as long as an image takes, so that
  everything behind them comes to a stop;
- every image at random stalls, with the scores read back after each.
"""

from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge
from numpy.typing import NDArray

from sim.job import JOB, OUTCOME, PROGRESS
from sim.streams import STALL_RATES, PayloadMemory, payload_integers, stall_rate

MEASURED = 4
"""Images of the stall-free batch; enough for the distance between results to settle."""


class Bench:
    """The ports and memories of ``accelerator_bench.sv``."""

    def __init__(self, dut: Any, *, word_chunks: int, settling: int):
        self.dut = dut
        self.capacity = len(dut.results.memory)
        self._chunks = word_chunks
        self._settling = settling
        self._inputs = PayloadMemory(dut.source.memory)
        self._received = {
            "conversions": PayloadMemory(dut.conversions),
            "results": PayloadMemory(dut.results.memory),
            "scores": PayloadMemory(dut.scores),
        }
        self._cycles = {name: PayloadMemory(getattr(dut, name)) for name in ("started", "finished")}
        self._sizes = {name: len(getattr(dut, name)) // self.capacity for name in ("conversions", "scores")}
        self._words = PayloadMemory(dut.words) if word_chunks else None

    async def reset(self) -> None:
        """Start the clock and hold the reset for two cycles."""
        dut = self.dut
        for port in (dut.go, dut.keep_scores, dut.images, dut.seed, dut.source_stall, dut.sink_stall):
            port.value = 0
        dut.sets_image.value = 0
        dut.rst.value = 1
        Clock(dut.clk, 2, unit="ns", impl="gpi").start()
        for _ in range(2):
            await RisingEdge(dut.clk)
        await FallingEdge(dut.clk)
        dut.rst.value = 0

    async def run(
        self,
        inputs: NDArray[np.uint8],
        *,
        first_image: int,
        seed: int,
        stalls: tuple[int, int],
        keep_scores: bool,
    ) -> dict[str, Any]:
        """Run one batch.

        Parameters
        ----------
        inputs
            uint8, (images, inputs, bits). At most `capacity` images.
        first_image
            Index of the first of them.
        seed
            32 bits, of the stall generators.
        stalls
            Probability, in 1 / STALL_UNIT, that the source or the sink stalls in a cycle.
        keep_scores
            Read the scores back.

        Returns
        -------
        dict
            Packed payloads uint64 in the order in which they came: conversions (images, row tiles x T),
            results (images,), scores (images, T); cycle numbers started and finished (images,); how many
            payloads there were, whether the result stream broke its rules, and cycles. If kept, also
            words, uint32 (images, words, chunks).
        """
        dut = self.dut
        images = len(inputs)
        await FallingEdge(dut.clk)
        self._inputs.write(payload_integers(inputs.reshape(-1, inputs.shape[-1])))
        dut.images.value = images
        dut.seed.value = seed
        dut.source_stall.value, dut.sink_stall.value = stalls
        dut.keep_scores.value = int(keep_scores)
        dut.first_image.value, dut.sets_image.value = first_image, 1
        await FallingEdge(dut.clk)
        dut.sets_image.value = 0
        await ClockCycles(dut.clk, self._settling)
        await FallingEdge(dut.clk)
        dut.go.value = 1
        await RisingEdge(dut.done)
        await FallingEdge(dut.clk)
        taken = {name: int(getattr(dut, f"{name}_taken").value) for name in self._received}
        outcome: dict[str, Any] = {}
        for name, memory in self._received.items():
            payloads = memory.read(images * self._sizes.get(name, 1), taken[name])
            outcome[name] = payloads.reshape(images, *([-1] if name in self._sizes else []))
        if self._words is not None:
            taken["words"] = int(dut.words_taken.value)
            chunks = self._words.read(images * len(dut.words) // self.capacity, taken["words"] * self._chunks)
            outcome["words"] = chunks.astype(np.uint32).reshape(images, -1, self._chunks)
        for name, memory in self._cycles.items():
            outcome[name] = memory.read(images, images)
        outcome |= {f"{name}_taken": count for name, count in taken.items()}
        outcome["violated"] = int(dut.violated.value)
        outcome["cycles"] = int(dut.cycles.value)
        dut.go.value = 0
        await FallingEdge(dut.clk)
        return outcome


@cocotb.test()
async def batches(dut: Any) -> None:
    """Do the job; stops early when something did not come, because nothing after it would be in its place."""
    with np.load(JOB) as job:
        inputs, seed, word_chunks = job["inputs"], job["seed"].tolist(), int(job["word_chunks"])
        first_image, settling = int(job["first_image"]), int(job["settling"])
    rng = np.random.default_rng(seed)
    bench = Bench(dut, word_chunks=word_chunks, settling=settling)
    await bench.reset()
    few = min(len(inputs), bench.capacity)
    plan = [(np.arange(MEASURED) % len(inputs), False), (np.arange(few), False)]
    plan += [
        (np.arange(start, min(start + bench.capacity, len(inputs))), True)
        for start in range(0, len(inputs), bench.capacity)
    ]
    arrays: dict[str, Any] = {}
    interval = 1
    with Path(PROGRESS).open("wb", buffering=0) as done:
        for number, (images, keep_scores) in enumerate(plan):
            stalls = rng.choice(STALL_RATES, 2).tolist()
            if number == 0:
                stalls = [0, 0]
            elif not keep_scores:
                stalls[1] = stall_rate(interval)
            outcome = await bench.run(
                inputs[images],
                first_image=first_image + int(images[0]),
                seed=int(rng.integers(2**32)),
                stalls=(stalls[0], stalls[1]),
                keep_scores=keep_scores,
            )
            if number == 0:
                interval = int(outcome["finished"][-1] - outcome["finished"][-2])
            outcome |= {"images": images, "keep_scores": keep_scores}
            arrays |= {f"{number}.{name}": array for name, array in outcome.items()}
            if (
                outcome["results_taken"] != len(images)
                or outcome["conversions_taken"] != outcome["conversions"].size
            ):
                break
            if keep_scores:
                done.write(b"." * len(images))
    np.savez(OUTCOME, **arrays)
