"""Made: templates of the trained bundle where they serve, else the best kind there is."""

import pytest

from sw.explore.space.made import Made, made_of
from tests.helpers.bundles import tiny_design

DESIGN = tiny_design(thresholds_per_feature=3, templates_per_class=2)


@pytest.mark.parametrize(
    ("thresholds", "per_class", "made"),
    [
        (3, 2, Made("keep", "learned")),
        (1, 2, Made("keep", "learned")),
        (3, 1, Made("mean", "learned")),
        (2, 5, Made("kmeans", "learned")),
        (4, 1, Made("mean", "median")),
        (7, 2, Made("kmeans", "median")),
    ],
)
def test_templates_are_kept_where_they_can_be(thresholds, per_class, made):
    assert made_of(DESIGN, thresholds, per_class) == made


def test_window_cells_keep_windows():
    window = tiny_design(cell="window", thresholds_per_feature=3, cell_bits=2)
    assert made_of(window, 1, 3) == Made("window", "learned")
