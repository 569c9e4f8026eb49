"""What is trained by name: a preset for each bundle of the zoo; designs and recipes by data set."""

from dataclasses import dataclass
from typing import Literal

from sw.design import DesignPoint
from sw.errors import EngramError
from sw.layer import Layer
from sw.recipe import Recipe

__all__ = ["DESIGNS", "PRESETS", "RECIPES", "Method", "Preset", "preset_named", "recipe_for"]

Method = Literal["learned", "mean", "kmeans"]
"""How templates come about: learned with the student, or made afterwards of the features of each class."""


@dataclass(frozen=True)
class Preset:
    """Everything that a training takes besides its seed.

    Parameters
    ----------
    data
        Name of the data set.
    design
        Sizes of student and array.
    recipe
        How long and how, with which teacher.
    templates
        How the templates come about.
    """

    data: str
    design: DesignPoint
    recipe: Recipe
    templates: Method = "learned"


DESIGNS: dict[str, DesignPoint] = {
    "digits": DesignPoint(
        name="digits",
        height=8,
        width=8,
        classes=10,
        layers=(
            Layer(kind="conv3x3", out_channels=12, weight_bits=2, activation_bits=3),
            Layer(kind="conv3x3", out_channels=24, stride=2, weight_bits=2, activation_bits=3),
            Layer(kind="conv3x3", out_channels=16, weight_bits=2),
        ),
        thresholds_per_feature=2,
        rows=128,
    ),
    "mnist": DesignPoint(
        name="mnist",
        height=28,
        width=28,
        classes=10,
        layers=(
            Layer(kind="conv3x3", out_channels=8, stride=2, weight_bits=4, activation_bits=4),
            Layer(kind="conv3x3", out_channels=16, stride=2, weight_bits=2, activation_bits=4),
            Layer(kind="conv3x3", out_channels=16, weight_bits=2),
        ),
        thresholds_per_feature=3,
        rows=96,
        row_lanes=24,
        col_lanes=2,
    ),
    "cifar10-grey": DesignPoint(
        name="cifar10-grey",
        height=32,
        width=32,
        classes=10,
        layers=(
            Layer(kind="conv3x3", out_channels=16, stride=2, weight_bits=4, activation_bits=4),
            Layer(kind="conv3x3", out_channels=32, stride=2, weight_bits=2, activation_bits=4),
            Layer(kind="conv3x3", out_channels=32, weight_bits=2, activation_bits=4),
            Layer(kind="conv3x3", out_channels=16, weight_bits=2),
        ),
        thresholds_per_feature=3,
        templates_per_class=3,
        rows=96,
        row_lanes=24,
        col_lanes=4,
    ),
}
"""Where the sizes of a data set start from; image size and classes follow the data."""

RECIPES: dict[str, Recipe] = {
    "digits": Recipe(70, 30, 15, batch=50, shift=0.5, rotate_deg=5.0, distil_weight=0.1, temperature=2.0),
    "mnist": Recipe(80, 6, 3, batch=100, shift=0.5, rotate_deg=0.0, distil_weight=0.1, temperature=2.0),
    "fashion-mnist": Recipe(25, 10, 6, rotate_deg=0.0, flip=True),
    "cifar10-grey": Recipe(
        40, 10, 8, batch=100, shift=2.0, rotate_deg=0.0, flip=True, distil_weight=0.1, temperature=2.0
    ),
}
"""By data set, for trainings that no preset is named for."""
OTHER_RECIPE = Recipe(25, 10, 6, rotate_deg=0.0)

PRESETS: dict[str, Preset] = {
    "digits": Preset("digits", DESIGNS["digits"], RECIPES["digits"]),
    "mnist-up5k": Preset("mnist", DESIGNS["mnist"], RECIPES["mnist"]),
    "cifar10-ecp5": Preset("cifar10-grey", DESIGNS["cifar10-grey"], RECIPES["cifar10-grey"]),
}
"""By name of the bundle in the zoo."""


def preset_named(name: str) -> Preset:
    """The preset of that name; raises EngramError, with the known ones, if there is none."""
    if name not in PRESETS:
        raise EngramError(f"--preset must be one of {', '.join(PRESETS)}, got {name!r}")
    return PRESETS[name]


def recipe_for(data: str) -> Recipe:
    """The default recipe of a data set; one of middle length for unknown ones."""
    return RECIPES.get(data, OTHER_RECIPE)
