"""Winner-take-all and score accumulation against the reference, ties included."""

import numpy as np
import pytest

from hw.classifier.scores import ScoreAccumulator
from hw.classifier.winner import WinnerTakeAll
from sw.design import DesignPoint
from sw.reference import classifier
from tests.helpers.rtl import Bench


def design(**changes) -> DesignPoint:
    base = {"name": "wta", "height": 3, "width": 5, "classes": 4, "rows": 4, "row_lanes": 1, "cell_bits": 2}
    return DesignPoint(**{**base, **changes})


@pytest.mark.parametrize("margin", [0, 3])
@pytest.mark.parametrize(("classes", "templates_per_class"), [(2, 1), (4, 1), (3, 3), (2, 5)])
def test_winner_and_margin_with_many_ties(classes, templates_per_class, margin):
    shape = design(classes=classes, templates_per_class=templates_per_class, margin=margin)
    rng = np.random.default_rng(1)
    scores = np.concatenate(
        [
            rng.integers(0, 4, (60, shape.templates)),  # ties everywhere
            rng.integers(0, shape.max_score, (20, shape.templates), endpoint=True),
            np.zeros((1, shape.templates), np.int64),
            np.full((1, shape.templates), shape.max_score),
        ]
    )
    dut = WinnerTakeAll(shape)
    bench = Bench(dut, seed=2)
    bench.produce(
        dut.i, [{"template": t, "score": int(score)} for image in scores for t, score in enumerate(image)]
    )
    results = bench.consume(dut.o, len(scores))
    bench.run()
    expected = classifier.decide(scores, templates_per_class, margin)
    got = [(item.template, item.label, item.margin, item.accepted) for item in results]
    assert got == list(zip(*(field.tolist() for field in expected), strict=True))


@pytest.mark.parametrize("rows", [1, 4, 16])
@pytest.mark.parametrize("classes", [2, 5])
def test_scores_add_up_over_row_tiles(rows, classes):
    shape = design(rows=rows, classes=classes)
    rng = np.random.default_rng(3)
    codes = rng.integers(0, shape.max_adc_code, (5, shape.row_tiles, shape.templates), endpoint=True)
    codes[1] = shape.max_adc_code
    dut = ScoreAccumulator(shape)
    bench = Bench(dut, seed=4)
    bench.produce(
        dut.i,
        [
            {"row_tile": tile, "match_line": line, "code": int(code)}
            for image in codes
            for tile, row in enumerate(image)
            for line, code in enumerate(row)
        ],
    )
    scores = bench.consume(dut.o, 5 * shape.templates)
    bench.run()
    assert [item.template for item in scores] == list(range(shape.templates)) * 5
    assert [item.score for item in scores] == classifier.template_scores(codes).reshape(-1).tolist()
