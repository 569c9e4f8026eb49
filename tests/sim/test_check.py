"""The comparison of what came out of the RTL with the reference, on batches made up from the reference."""

from dataclasses import replace

import numpy as np
import pytest

from hw.payloads import conversion_layout, result_layout
from sim.check import Batch, Report, batches_of, check_batches
from sim.streams import MISSING
from sw.bundle import Bundle
from sw.reference.pipeline import run_levels
from sw.reference.trace import Mismatch
from tests.helpers.bundles import random_bundle, random_levels, tiny_design

DESIGN = tiny_design(templates_per_class=2, cell_bits=2, adc_bits=4)
BUNDLE = random_bundle(DESIGN, 1, codes="random")
LEVELS = random_levels(DESIGN, 5, 2)
TILES, TEMPLATES = DESIGN.row_tiles, DESIGN.templates


def perfect(images: list[int], keep_scores: bool = True, bundle: Bundle = BUNDLE) -> Batch:
    """What a faultless RTL gives."""
    trace = run_levels(bundle, LEVELS[images])
    conversion, result = conversion_layout(DESIGN), result_layout(DESIGN)
    conversions = [
        conversion.const({"row_tile": tile, "match_line": line, "code": int(codes[tile, line])}).as_bits()
        for codes in trace.codes
        for tile in range(TILES)
        for line in range(TEMPLATES)
    ]
    results = [
        result.const(
            {name: int(getattr(trace, name)[i]) for name in ("label", "template", "margin", "accepted")}
        ).as_bits()
        for i in range(len(images))
    ]
    shape = (len(images), TILES * TEMPLATES)
    return Batch(
        images=np.array(images),
        keep_scores=keep_scores,
        conversions=np.array(conversions, np.uint64).reshape(shape),
        results=np.array(results, np.uint64),
        scores=trace.scores.astype(np.uint64)
        if keep_scores
        else np.full((len(images), TEMPLATES), MISSING, np.uint64),
        conversions_taken=len(conversions),
        results_taken=len(images),
        scores_taken=TEMPLATES * len(images) * keep_scores,
        violated=0,
        started=np.arange(len(images), dtype=np.uint64) * 40 + 1,
        finished=np.arange(len(images), dtype=np.uint64) * 40 + 51,
        cycles=40 * len(images) + 64,
    )


def check(*batches: Batch) -> Report:
    return check_batches(BUNDLE, LEVELS, list(batches))


def changed(batch: Batch, name: str, place: tuple[int, ...], value: int) -> Batch:
    payloads = getattr(batch, name).copy()
    payloads[place] = value
    return replace(batch, **{name: payloads})


MEASURED = perfect([0, 1, 2, 3], keep_scores=False)
SCORED = perfect([0, 1, 2, 3, 4])


def test_nothing_wrong() -> None:
    report = check(MEASURED, SCORED)
    assert report.first is None
    assert not report.wrong.any()
    assert report.labels.tolist() == run_levels(BUNDLE, LEVELS).label.tolist()
    assert (report.latency, report.interval, report.cycles) == (50, 40, MEASURED.cycles + SCORED.cycles)


@pytest.mark.parametrize("place", [(0, 0), (2, 7), (4, TILES * TEMPLATES - 1)])
def test_a_wrong_code_is_named(place: tuple[int, int]) -> None:
    lowest_code_bit = 1 << conversion_layout(DESIGN)["code"].offset
    good = int(SCORED.conversions[place])
    report = check(MEASURED, changed(SCORED, "conversions", place, good ^ lowest_code_bit))
    image, (tile, line) = place[0], divmod(place[1], TEMPLATES)
    expected = int(run_levels(BUNDLE, LEVELS).codes[image, tile, line])
    assert report.first == Mismatch(image, "codes", (tile, line), expected, expected ^ 1)
    assert np.flatnonzero(report.wrong).tolist() == [image]


def test_a_wrong_code_in_the_batch_without_scores_counts() -> None:
    good = int(MEASURED.conversions[3, 0])
    top = 1 << conversion_layout(DESIGN)["code"].offset
    report = check(changed(MEASURED, "conversions", (3, 0), good ^ top), SCORED)
    assert report.first is not None and (report.first.image, report.first.stage) == (3, "codes")
    assert np.flatnonzero(report.wrong).tolist() == [3]


def test_conversions_that_change_places_are_named_by_their_place() -> None:
    swapped = SCORED.conversions.copy()
    swapped[2, [3, 4]] = swapped[2, [4, 3]]
    report = check(MEASURED, replace(SCORED, conversions=swapped))
    assert report.first == Mismatch(2, "conversion order", (3,), 3, 4)
    assert np.flatnonzero(report.wrong).tolist() == [2]


def test_a_wrong_score_is_named() -> None:
    good = int(SCORED.scores[1, 2])
    report = check(MEASURED, changed(SCORED, "scores", (1, 2), good + 1))
    assert report.first == Mismatch(1, "scores", (2,), good, good + 1)


@pytest.mark.parametrize("name", ["template", "label", "margin", "accepted"])
def test_a_wrong_answer_is_named(name: str) -> None:
    flipped = int(SCORED.results[4]) ^ 1 << result_layout(DESIGN)[name].offset
    report = check(MEASURED, changed(SCORED, "results", (4,), flipped))
    assert report.first is not None and (report.first.image, report.first.stage) == (4, name)


def test_a_result_that_never_came() -> None:
    stuck = replace(changed(SCORED, "results", (4,), int(MISSING)), results_taken=4)
    report = check(MEASURED, stuck)
    assert report.first is not None and (report.first.image, report.first.got) == (4, -1)
    assert report.labels[4] == -1


def test_images_after_an_early_end_are_wrong() -> None:
    report = check(MEASURED, perfect([0, 1, 2]))
    assert report.wrong.tolist() == [False, False, False, True, True]


def test_a_stall_free_batch_without_all_results_gives_no_cycles() -> None:
    stuck = replace(changed(MEASURED, "results", (3,), int(MISSING)), results_taken=3)
    assert check(stuck)[3:5] == (None, None)


@pytest.mark.parametrize("name", ["conversions", "results", "scores"])
def test_too_many_of_something(name: str) -> None:
    count = getattr(SCORED, name).size
    report = check(MEASURED, replace(SCORED, **{f"{name}_taken": count + 1}))
    assert report.first == Mismatch(4, f"number of {name} in the batch", (), count, count + 1)


def test_a_broken_stream_rule() -> None:
    report = check(MEASURED, replace(SCORED, violated=1))
    assert report.first is not None and "withdrawn or changed" in report.first.stage


def test_the_lowest_image_is_told_first() -> None:
    late = changed(SCORED, "scores", (4, 0), 999)
    assert str(check(MEASURED, changed(late, "scores", (1, 0), 998)).first).startswith("image 1, scores[0]: ")


def test_image_numbers_count_over_shards() -> None:
    wrong = changed(SCORED, "scores", (1, 0), 998)
    report = check_batches(BUNDLE, LEVELS, [MEASURED, wrong], first_image=100)
    assert report.first is not None and report.first.image == 101


def test_batches_come_back_from_the_file_in_order() -> None:
    arrays = {
        f"{number}.{name}": np.asarray(value)
        for number, batch in ((10, SCORED), (2, MEASURED))
        for name, value in vars(batch).items()
    }
    first, second = batches_of(arrays)
    assert first.keep_scores is False and second.keep_scores is True
    assert second.results_taken == 5
    np.testing.assert_array_equal(second.images, SCORED.images)
