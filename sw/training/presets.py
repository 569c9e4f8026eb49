"""Trainings by name: a preset for each bundle of the zoo; designs and recipes by data set."""

from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Literal

from sw.data.parts import Dataset
from sw.design import DesignPoint, Layer
from sw.errors import EngramError
from sw.training.recipe import Recipe

__all__ = ["BY_SIZE", "DESIGNS", "PRESETS", "RECIPES", "Method", "Preset", "preset_named", "recipe_for"]

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
"""Where the sizes of a data set start from; image size, channels and classes follow the data."""
BY_SIZE = tuple(DESIGNS)
"""Of which the nearest in size serves any other data set."""
DESIGNS["spoken-digits"] = DESIGNS["mnist"].with_(name="spoken-digits", height=32, width=31)

PATIENT = Recipe(
    epochs=75,
    float_epochs=8,
    teacher_epochs=12,
    learning_rate=1e-2,
    teacher_learning_rate=5e-3,
    teacher="r8",
    shift=1.0,
    rotate_deg=0.0,
    distil="dynamic",
    temperature=4.0,
    soft_share=0.5,
    latent_bound=0.3,
)
"""For small students that are to be as good as they can be; ternary weights are rounded early."""

RECIPES: dict[str, Recipe] = {
    "digits": Recipe(
        epochs=160,
        float_epochs=30,
        teacher_epochs=15,
        batch=100,
        learning_rate=3e-2,
        shift=0.5,
        rotate_deg=5.0,
        distil_weight=0.1,
        temperature=2.0,
        soft_share=0.5,
    ),
    "mnist": PATIENT,
    "fashion-mnist": Recipe(25, 10, 6, rotate_deg=0.0, flip=True),
    "cifar10-grey": replace(PATIENT, epochs=50, teacher_epochs=20, teacher="r10", shift=2.0, flip=True),
    "spoken-digits": replace(PATIENT, epochs=300, float_epochs=40, teacher_epochs=40, batch=50, shift=2.0),
}
RECIPES["cifar10"] = RECIPES["cifar10-grey"]
"""By data set, for trainings that no preset is named for. That of the digits was chosen on folds of their
training and validation images: half of it with real-valued weights gained most, then the higher rate; more of
the teacher or more augmentation lost."""
OTHER_RECIPE = Recipe(25, 10, 6, rotate_deg=0.0)
FEW_IMAGES = 1_000
"""Training images below which an unknown data set gets a recipe of its own: in batches of 250, its 25 epochs
would be 25 to 100 steps."""
FEW_BATCH = 32
FEW_STEPS = (500, 200, 100)
"""Steps of student, twin and teacher. 60, 150 and 300 of the digits then reach 76, 81 and 90 % in the test,
means of three seeds. The recipe of larger sets reached 39, 56 and 75 % with one seed, when the best epoch was
kept."""


def _layers(*sizes: tuple[int, Literal[1, 2]]) -> tuple[Layer, ...]:
    """Layers of 6-bit weights and 4-bit activations, by output channels and stride; the last one's sums are
    features."""
    last = len(sizes) - 1
    return tuple(
        Layer(
            kind="conv3x3",
            out_channels=channels,
            stride=stride,
            weight_bits=6,
            activation_bits=None if place == last else 4,
        )
        for place, (channels, stride) in enumerate(sizes)
    )


PRUNED: dict[str, Any] = {"soft_share": 0.8, "weight_decay": 0.1}
"""Students of 6-bit weights: rounded late, and kept small while they are pruned."""

PRESETS: dict[str, Preset] = {
    "digits": Preset("digits", DESIGNS["digits"], RECIPES["digits"]),
    "mnist-up5k": Preset("mnist", DESIGNS["mnist"], replace(PATIENT, epochs=150)),
    "mnist-small": Preset(
        "mnist",
        DESIGNS["mnist"].with_(
            name="mnist-small",
            layers=(
                Layer(kind="conv3x3", out_channels=8, stride=2, weight_bits=4, activation_bits=3),
                Layer(kind="conv3x3", out_channels=12, stride=2, weight_bits=2, activation_bits=3),
                Layer(kind="conv3x3", out_channels=12, weight_bits=2),
            ),
            templates_per_class=2,
            rows=512,
            cols=16,
            cols_per_adc=16,
        ),
        replace(PATIENT, epochs=40, float_epochs=6),
    ),
    "mnist-97nj": Preset(
        "mnist",
        DESIGNS["mnist"].with_(
            name="mnist-97nj", layers=_layers((16, 2), (32, 2), (16, 1)), templates_per_class=3
        ),
        replace(PATIENT, **PRUNED, epochs=100, macs_nonzero=84_300),
    ),
    "speech-digits": Preset(
        "spoken-digits",
        DESIGNS["spoken-digits"].with_(name="speech-digits"),
        RECIPES["spoken-digits"],
    ),
    "cifar10-ecp5": Preset("cifar10-grey", DESIGNS["cifar10-grey"], RECIPES["cifar10-grey"]),
    "cifar10-97nj": Preset(
        "cifar10-grey",
        DESIGNS["cifar10-grey"].with_(name="cifar10-97nj", layers=_layers((16, 2), (32, 2), (16, 1))),
        replace(RECIPES["cifar10-grey"], **PRUNED, epochs=100, macs_nonzero=80_500),
    ),
    "cifar10-1m": Preset(
        "cifar10-grey",
        DESIGNS["cifar10-grey"].with_(
            name="cifar10-1m",
            layers=_layers((32, 2), (64, 2), (64, 1), (64, 1), (16, 1)),
            thresholds_per_feature=5,
            rows=80,
            row_lanes=20,
        ),
        replace(RECIPES["cifar10-grey"], **PRUNED, epochs=75, macs_nonzero=1_000_000),
    ),
    "cifar10-colour": Preset(
        "cifar10",
        DesignPoint(
            name="cifar10-colour",
            height=32,
            width=32,
            channels=3,
            classes=10,
            layers=(
                Layer(kind="conv3x3", out_channels=32, stride=2, weight_bits=6, activation_bits=4),
                Layer(kind="conv3x3", out_channels=48, weight_bits=2, activation_bits=4),
                Layer(kind="conv3x3", out_channels=64, stride=2, weight_bits=2, activation_bits=4),
                Layer(kind="conv3x3", out_channels=64, weight_bits=2, activation_bits=4),
                Layer(kind="conv3x3", out_channels=64, weight_bits=2, activation_bits=4),
                Layer(kind="conv3x3", out_channels=64, stride=2, weight_bits=2),
            ),
            thresholds_per_feature=5,
            templates_per_class=5,
            rows=80,
            row_lanes=10,
            col_lanes=5,
        ),
        replace(RECIPES["cifar10"], epochs=40, float_epochs=4, batch=125, teacher_batch=250),
    ),
}
"""By name of the bundle in the zoo, or of one that is to come there."""


def preset_named(name: str) -> Preset:
    """The preset of that name; raises EngramError, with the known ones, if there is none."""
    if name not in PRESETS:
        raise EngramError(f"--preset must be one of {', '.join(PRESETS)}, got {name!r}")
    return PRESETS[name]


def recipe_for(dataset: Dataset) -> Recipe:
    """The default recipe of a data set; of an unknown one by the number of its training images."""
    if dataset.name in RECIPES:
        return RECIPES[dataset.name]
    images = len(dataset.train)
    return _few_images(images) if images < FEW_IMAGES else OTHER_RECIPE


def _few_images(images: int) -> Recipe:
    """As many epochs as give :data:`FEW_STEPS`, in batches of about one size.

    A last batch of one image would give the batch norms a variance of nothing.
    """
    steps_of_epoch = max(1, round(images / FEW_BATCH))
    epochs, float_epochs, teacher_epochs = (ceil(steps / steps_of_epoch) for steps in FEW_STEPS)
    return replace(
        OTHER_RECIPE,
        epochs=epochs,
        float_epochs=float_epochs,
        teacher_epochs=teacher_epochs,
        batch=ceil(images / steps_of_epoch),
        shift=0.5,
    )
