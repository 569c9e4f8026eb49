"""Holds what the RTL gave against the integer reference."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.programming import ProgrammingReport
from sim.streams import MISSING, fields_of
from sw.bundle import Bundle
from sw.reference.pipeline import run_levels
from sw.reference.trace import Mismatch, Trace, first_mismatch

if TYPE_CHECKING:
    from amaranth.lib import data

__all__ = ["CHUNK_BITS", "Batch", "Report", "batches_of", "check_batches", "combined", "joined"]

CHUNK_BITS = 32
"""Words of word-line values come in pieces of this size, the lowest bits first."""

ABSENT = -1
"""Stands for a value that never came, or came in the place of another one."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Images that were run together, with everything that came out, in the order in which it came.

    Attributes
    ----------
    images
        int64, (n,), which images of the job.
    keep_scores
        Whether scores were read back.
    conversions, results, scores
        uint64, (n, row tiles * T), (n,), (n, T), packed payloads.
    conversions_taken, results_taken, scores_taken
        How many came.
    violated
        1 if a stream withdrew or changed an offer, or the programmer answered what nobody asked.
    started, finished
        uint64, (n,), cycle of the first word and of the result.
    cycles
        Cycles of the batch.
    words, words_taken
        uint32, (n, words, chunks), word-line values on their way into the array, and how many words came;
        None if the testbench itself gave them.
    """

    images: NDArray[np.int64]
    keep_scores: bool
    conversions: NDArray[np.uint64]
    results: NDArray[np.uint64]
    scores: NDArray[np.uint64]
    conversions_taken: int
    results_taken: int
    scores_taken: int
    violated: int
    started: NDArray[np.uint64]
    finished: NDArray[np.uint64]
    cycles: int
    words: NDArray[np.uint32] | None = None
    words_taken: int = 0


class Report(NamedTuple):
    """Outcome of one run.

    Attributes
    ----------
    wrong
        bool, (N,), images with at least one value that is not the expected one.
    first
        First mismatch in the lowest image, or None.
    labels
        int64, (N,), classes that the RTL gave, ABSENT where it gave none.
    latency, interval
        Cycles from first word to result, and between results, without stalls; None if results did not come.
    cycles
        Cycles simulated.
    programming
        How the array was programmed before, or None.
    """

    wrong: NDArray[np.bool_]
    first: Mismatch | None
    labels: NDArray[np.int64]
    latency: int | None
    interval: int | None
    cycles: int
    programming: ProgrammingReport | None = None


def batches_of(outcome: dict[str, NDArray]) -> list[Batch]:
    """Batches that the testbench wrote, in the order of the run; the first is the stall-free one."""
    batches: dict[int, dict] = {}
    for key, array in outcome.items():
        number, name = key.split(".")
        batches.setdefault(int(number), {})[name] = array if array.ndim else array.item()
    return [Batch(**batches[number]) for number in sorted(batches)]


def check_batches(
    bundle: Bundle, levels: NDArray[np.uint8], batches: list[Batch], first_image: int = 0
) -> Report:
    """Compare every word-line value, conversion code, score, margin and class of every batch.

    Parameters
    ----------
    bundle
        What the reference runs.
    levels
        uint8, (N, F), word-line values of all images of the run, from the reference.
    batches
        What the RTL gave. An image that never came out in a batch with scores counts as wrong.
    first_image
        Index of the first image, for read noise and for the report. In a batch they count from the index of
        its first one, whether images repeat or not.
    """
    wrong = np.zeros(len(levels), np.bool_)
    scored = np.zeros(len(levels), np.bool_)
    labels = np.full(len(levels), ABSENT)
    found: list[Mismatch] = []
    for batch in batches:
        expected = run_levels(bundle, levels[batch.images], first_image + int(batch.images[0]))
        order, codes = _conversions(bundle, batch)
        got = _trace(bundle, batch, expected, codes)
        differs = _differing_images(expected, got)
        first = first_mismatch(expected, got)
        mismatches = [*_count_mismatches(batch), *order, *([first] if first else [])]
        differs[[mismatch.image for mismatch in mismatches]] = True
        found += [replace(item, image=first_image + int(batch.images[item.image])) for item in mismatches]
        wrong[batch.images[differs]] = True
        if batch.keep_scores:
            scored[batch.images] = True
            labels[batch.images] = got.label
    measured = batches[0]
    settled = measured.results_taken == len(measured.images)
    return Report(
        wrong=wrong | ~scored,
        first=min(found, key=lambda mismatch: mismatch.image, default=None),
        labels=labels,
        latency=int(measured.finished[0]) - int(measured.started[0]) if settled else None,
        interval=int(measured.finished[-1]) - int(measured.finished[-2])
        if settled and len(measured.images) > 1
        else None,
        cycles=sum(batch.cycles for batch in batches),
    )


def joined(reports: Sequence[Report]) -> Report:
    """One report of shards whose images follow each other; latency and interval are those of the first."""
    return Report(
        wrong=np.concatenate([report.wrong for report in reports]),
        first=next((report.first for report in reports if report.first), None),
        labels=np.concatenate([report.labels for report in reports]),
        latency=reports[0].latency,
        interval=reports[0].interval,
        cycles=sum(report.cycles for report in reports),
    )


def combined(report: Report, again: Report) -> Report:
    """One report of images of which the first few ran once more, in another way."""
    wrong = report.wrong.copy()
    wrong[: len(again.wrong)] |= again.wrong
    found = [item.first for item in (report, again) if item.first]
    return report._replace(
        wrong=wrong,
        first=min(found, key=lambda mismatch: mismatch.image, default=None),
        latency=again.latency if report.latency is None else report.latency,
        interval=again.interval if report.interval is None else report.interval,
        cycles=report.cycles + again.cycles,
    )


def _levels(bundle: Bundle, words: NDArray[np.uint32], taken: int) -> NDArray:
    """Word-line values int16 (n, F) from words (n, words, chunks), of which the first `taken` came."""
    from hw.geometry import ArrayGeometry

    design, geometry = bundle.design, ArrayGeometry(bundle.design)
    count, per_image, _ = words.shape
    pieces = np.ascontiguousarray(words, "<u4").view(np.uint8)
    bits = np.unpackbits(pieces, axis=-1, bitorder="little")[..., : geometry.word_bits]
    values = np.packbits(bits.reshape(count, per_image, -1, design.level_bits), axis=-1, bitorder="little")
    came = np.arange(count * per_image).reshape(count, per_image, 1) < taken
    lanes = np.where(came, values[..., 0].astype(np.int16), ABSENT).reshape(count, -1)
    everywhere = np.ones((1, design.features), np.uint8)
    places = np.flatnonzero(geometry.pack_levels(everywhere))
    return lanes[:, places]


def _conversions(bundle: Bundle, batch: Batch) -> tuple[list[Mismatch], NDArray[np.int64]]:
    """The first conversion out of order, if any, and the codes (n, row tiles, T) of those in order."""
    from hw.payloads import conversion_layout

    design = bundle.design
    values = _unpacked(batch.conversions, conversion_layout(design))
    wanted = np.arange(design.row_tiles * design.templates)
    came = values["row_tile"] * design.templates + values["match_line"]
    absent = batch.conversions == MISSING
    misplaced = (came != wanted) & ~absent
    codes = np.where(absent | misplaced, ABSENT, values["code"])
    mismatches = []
    for image, place in np.argwhere(misplaced)[:1].tolist():
        mismatches.append(Mismatch(image, "conversion order", (place,), place, int(came[image, place])))
    return mismatches, codes.reshape(len(codes), design.row_tiles, design.templates)


def _trace(bundle: Bundle, batch: Batch, expected: Trace, codes: NDArray[np.int64]) -> Trace:
    from hw.payloads import result_layout

    absent = batch.results == MISSING
    values = _unpacked(batch.results, result_layout(bundle.design))
    template, label, margin = (
        np.where(absent, ABSENT, values[name]) for name in ("template", "label", "margin")
    )
    scores = np.where(batch.scores == MISSING, ABSENT, batch.scores.astype(np.int64))
    return Trace(
        levels=expected.levels if batch.words is None else _levels(bundle, batch.words, batch.words_taken),
        codes=codes,
        scores=scores if batch.keep_scores else expected.scores,
        template=template,
        label=label,
        margin=margin,
        accepted=~absent & (values["accepted"] == 1),
    )


def _count_mismatches(batch: Batch) -> Iterator[Mismatch]:
    """Payloads too many and broken stream rules, for which the last image gets the blame."""
    last = len(batch.images) - 1
    wanted = {"conversions": batch.conversions.size, "results": batch.results.size}
    if batch.words is not None:
        wanted["words"] = batch.words.shape[0] * batch.words.shape[1]
    if batch.keep_scores:
        wanted["scores"] = batch.scores.size
    for name, count in wanted.items():
        taken = getattr(batch, f"{name}_taken")
        if taken > count:
            yield Mismatch(last, f"number of {name} in the batch", (), count, taken)
    if batch.violated:
        yield Mismatch(last, "offers of results withdrawn or changed, or answers not asked for", (), 0, 1)


def _differing_images(expected: Trace, got: Trace) -> NDArray[np.bool_]:
    differs = np.zeros(len(expected.levels), np.bool_)
    for field in fields(Trace):
        pair = getattr(expected, field.name), getattr(got, field.name)
        differs |= (pair[0] != pair[1]).reshape(len(differs), -1).any(axis=1)
    return differs


def _unpacked(payloads: NDArray[np.uint64], layout: "data.StructLayout") -> dict[str, NDArray[np.int64]]:
    return fields_of(payloads, {name: (field.offset, field.width) for name, field in layout})
