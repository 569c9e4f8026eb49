"""Results of a training as JSON: ``result.json`` holds them, :mod:`sw.training.table.gains` makes rows of
them.

Bundles that have no run folder any more are asked too: the steps they record say how they were made.
"""

import inspect
from dataclasses import asdict
from enum import EnumType
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from sw.commands.options.array import chosen_array
from sw.commands.options.recipe import OWN_OPTION
from sw.commands.train.plan import SIZES, plan_of
from sw.commands.train.request import Request
from sw.errors import EngramError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sw.bundle import Bundle
    from sw.bundle.provenance import Option, Step
    from sw.commands.train.plan import Plan
    from sw.evaluation.classes import ClassReport

__all__ = ["ACCURACIES", "Tested", "facts_of", "facts_of_bundle", "tested"]

ACCURACIES = ("float", "quantised", "ideal")
"""Metrics of a bundle, see :class:`sw.training.train.Trained`."""
READ = ("preset", "data", "design", "templates", *SIZES, *OWN_OPTION, "recipe")
"""Options that a plan follows from, beside the seed and the chips of noise-aware training."""


class Tested(NamedTuple):
    """The test images as a bundle sees them: levels of their features (N, F), and its answers by class."""

    levels: "NDArray"
    classes: "ClassReport"


def tested(plan: "Plan", bundle: "Bundle") -> Tested:
    """Features of the plan's test images, and what the bundle answers to them."""
    from sw.evaluation.classes import classes_of
    from sw.reference.features import features_of
    from sw.reference.pipeline import classify

    test = plan.dataset.test
    levels = features_of(bundle, test.images)
    answers = {"ideal": classify(bundle, levels)}
    return Tested(levels, classes_of(plan.dataset, test.labels, answers, bundle.design.classes))


def facts_of(plan: "Plan", bundle: "Bundle", test: Tested | None = None) -> dict[str, Any]:
    """Facts about a bundle that was trained by a plan; reads no clock.

    Energy is what ``engram evaluate`` says without options: modelled, averaged over the test images, with
    ADCs of as many bits as chips have by default.

    Parameters
    ----------
    plan
        What was trained; its data set gives the images.
    bundle
        With ideal cells.
    test
        Of the same two; None finds it out.
    """
    from sw.energy.constants import DEFAULT, read_constants
    from sw.energy.report import report_of
    from sw.training.teacher.residual import default_name

    design, metrics = bundle.design, bundle.provenance.metrics
    recipe = asdict(plan.recipe)
    if recipe["distil"] != "none":
        recipe["teacher"] = Path(recipe["teacher"] or default_name(design.height, design.width)).name
    trained, *remade = bundle.provenance.steps
    adc_bits = chosen_array().conditions.adc.bits
    test = test or tested(plan, bundle)
    energy = report_of(bundle, test.levels, read_constants(DEFAULT), DEFAULT, adc_bits, plan.dataset.name)
    return {
        "name": plan.name,
        "data": plan.dataset.origin.model_dump(),
        "digest": bundle.digest,
        "accuracy": {name: metrics.get(f"test.{name}") for name in ACCURACIES},
        "validation": {name: metrics.get(f"validation.{name}") for name in ACCURACIES},
        "classes": test.classes.values(),
        "design": design.description(),
        "recipe": recipe,
        "method": plan.templates,
        "remade": [_as_text(dict(step.options)) for step in remade],
        "noise": _noise(dict(trained.options)),
        "seed": plan.seed,
        "macs": design.macs,
        "weights": design.weights,
        "features": design.features,
        "templates": design.templates,
        **energy.values(),
        "energy_adc_bits": adc_bits,
        "command": bundle.provenance.line,
    }


def facts_of_bundle(name: str) -> dict[str, Any]:
    """:func:`facts_of` a bundle made by ``engram train``, and by ``engram templates`` after it.

    Its options are read with the presets, designs and recipes of today.

    Parameters
    ----------
    name
        A file, or ``zoo:NAME``.

    Raises
    ------
    EngramError
        If other commands made it, it is a programmed chip, or its data set is missing.
    """
    from sw.bundle import open_bundle
    from sw.data.of_bundle import check_origin

    bundle = open_bundle(name)
    if bundle.provenance.device is not None:
        raise EngramError(f"{name} must have ideal cells, it is a programmed chip; give what it was made of")
    plan = _plan_in(name, bundle)
    check_origin(bundle, plan.dataset, chosen=False)
    return facts_of(plan, bundle)


def _plan_in(name: str, bundle: "Bundle") -> "Plan":
    """The plan that the steps of a bundle say."""
    line, steps = bundle.provenance.line, bundle.provenance.steps
    if [step.command for step in steps] != ["train", *["templates"] * (len(steps) - 1)]:
        raise EngramError(
            f"{name} must be made by 'engram train', and by 'engram templates' after it, "
            f"it says {line or 'nothing'!r}"
        )
    trained, *remade = steps
    if trained.interrupted:
        raise EngramError(f"{name} must be trained to the end, it says {line!r}; let its run go on")
    hints = get_type_hints(Request)
    plan = plan_of(Request(**{name: _value(trained, name, hints[name]) for name in READ}, seed=trained.seed))
    same = plan.design == bundle.design if not remade else plan.design.layers == bundle.design.layers
    if not same:
        raise EngramError(
            f"{name} must be of the design that its command gives today, {line!r} gives another; "
            "train it anew"
        )
    return plan


def _value(step: "Step", name: str, hint: Any) -> Any:
    """Value of an option, None if it was not given; files of format 1 have text for all.

    `hint` is the type of its field in the request, which is ``type | None``.
    """
    value = dict(step.options).get(name.replace("_", "-"))
    if value is None:
        return None
    kind = get_args(hint)[0]
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        wanted = ", ".join(kind) if isinstance(kind, EnumType) else kind.__name__
        raise EngramError(f"--{name} in a recorded step must be of {wanted}, got {value!r}") from None


def _noise(options: dict[str, "Option"]) -> dict[str, str]:
    """Options of the chips in noise-aware training as they were given, with ``noise-aware`` itself."""
    if "noise-aware" not in options:
        return {}
    names = {"noise-aware", *(name.replace("_", "-") for name in inspect.signature(chosen_array).parameters)}
    return _as_text({name: value for name, value in options.items() if name in names})


def _as_text(options: dict[str, "Option"]) -> dict[str, str]:
    """Values as they were typed, empty for a flag: so equal options are equal in files of both formats."""
    return {name: "" if value is True else str(value) for name, value in options.items()}
