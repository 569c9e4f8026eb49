"""What a training came to, as JSON: ``result.json`` holds it, :mod:`sw.training.table.gains` makes rows of
it.

Bundles that have no run folder any more are asked too: their recorded command says how they were made.
"""

import inspect
import re
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from sw.commands.options.array import chosen_array
from sw.commands.options.recipe import OWN_OPTION
from sw.commands.train.plan import plan_of
from sw.errors import EngramError
from sw.training.presets import Method
from sw.training.recipe import Recipe

if TYPE_CHECKING:
    from sw.bundle import Bundle
    from sw.commands.train.plan import Plan

__all__ = ["ACCURACIES", "commands_of", "facts_of", "facts_of_bundle", "options_of"]

ACCURACIES = ("float", "quantised", "ideal")
"""Metrics of a bundle, see :class:`sw.training.train.Trained`."""
SIZES = ("templates_per_class", "thresholds_per_feature")
INTERRUPTED = "# interrupted"

Options = dict[str, list[str]]


def facts_of(plan: "Plan", bundle: "Bundle") -> dict[str, Any]:
    """What there is to say of a bundle that came of a plan; reads no clock.

    Energy is what ``engram evaluate`` says without options: modelled, averaged over the test images, with
    ADCs of as many bits as chips have by default.

    Parameters
    ----------
    plan
        What was trained; its data set gives the images.
    bundle
        With ideal cells.
    """
    from sw.energy.constants import DEFAULT, read_constants
    from sw.energy.report import report_of
    from sw.reference.features import features_of
    from sw.training.teacher.residual import default_name

    design, metrics, command = bundle.design, bundle.provenance.metrics, bundle.provenance.command
    recipe = asdict(plan.recipe)
    if recipe["distil"] != "none":
        recipe["teacher"] = Path(recipe["teacher"] or default_name(design.height, design.width)).name
    trained, *remade = commands_of(command)
    adc_bits = chosen_array().conditions.adc.bits
    levels = features_of(bundle, plan.dataset.x_test)
    energy = report_of(bundle, levels, read_constants(DEFAULT), DEFAULT, adc_bits, plan.dataset.name)
    return {
        "name": plan.name,
        "data": {"name": plan.dataset.name, "digest": plan.dataset.digest},
        "digest": bundle.digest,
        "accuracy": {name: metrics.get(f"test.{name}") for name in ACCURACIES},
        "validation": {name: metrics.get(f"validation.{name}") for name in ACCURACIES},
        "design": design.description(),
        "recipe": recipe,
        "method": plan.templates,
        "remade": [_plain(options) for options in remade],
        "noise": _noise(trained),
        "seed": plan.seed,
        "macs": design.macs,
        "weights": design.weights,
        "features": design.features,
        "templates": design.templates,
        **energy.values(),
        "energy_adc_bits": adc_bits,
        "command": command,
    }


def facts_of_bundle(name: str) -> dict[str, Any]:
    """The same of a bundle that ``engram train`` made, or ``engram templates`` of such a one.

    Its command is read with the presets, designs and recipes of today.

    Parameters
    ----------
    name
        A file, or ``zoo:NAME``.

    Raises
    ------
    EngramError
        If it was not made like that, is a programmed chip, or its data set is not there.
    """
    from sw.bundle import open_bundle
    from sw.bundle.bundle import DataOrigin
    from sw.data.of_bundle import check_origin

    bundle = open_bundle(name)
    if bundle.provenance.device is not None:
        raise EngramError(f"{name} must have ideal cells, it is a programmed chip; give what it was made of")
    plan = _plan_in(name, bundle)
    check_origin(bundle, DataOrigin(name=plan.dataset.name, digest=plan.dataset.digest), chosen=False)
    return facts_of(plan, bundle)


def commands_of(command: str) -> list[Options]:
    """Options of every command line that a bundle records, the training's first."""
    return [options_of(each) for each in re.split(r"; (?=engram )", command)]


def options_of(command: str) -> Options:
    """Options of one command line by name: what came behind, nothing for a flag."""
    found: Options = {}
    name = None
    for word in shlex.split(command):
        if word.startswith("--"):
            name = word.removeprefix("--")
            found.setdefault(name, [])
        elif name is not None:
            found[name].append(word)
            name = None
    return found


def _plan_in(name: str, bundle: "Bundle") -> "Plan":
    """The plan that the command of a bundle says."""
    command = bundle.provenance.command
    if not command.startswith("engram train "):
        raise EngramError(
            f"{name} must be made by 'engram train', and by 'engram templates' after it, "
            f"it says {command or 'nothing'!r}"
        )
    if INTERRUPTED in command:
        raise EngramError(f"{name} must be trained to the end, it says {command!r}; let its run go on")
    options, *remade = commands_of(command)
    hints = get_type_hints(Recipe)
    plan = plan_of(
        _value(options, "preset", str),
        _value(options, "data", str),
        _value(options, "design", str),
        _value(options, "templates", Method),
        {key: _value(options, key, int) for key in SIZES},
        {key: _value(options, key, hints[key]) for key in OWN_OPTION},
        options.get("recipe", []),
        _value(options, "seed", int) or 0,
    )
    same = plan.design == bundle.design if not remade else plan.design.layers == bundle.design.layers
    if not same:
        raise EngramError(
            f"{name} must be of the design that its command gives today, {command!r} gives another; "
            "train it anew"
        )
    return plan


def _value(options: Options, name: str, kind: Any) -> Any:
    """Value of an option as its type, None if it was not given."""
    words = options.get(name.replace("_", "-"))
    if words is None:
        return None
    try:
        return TypeAdapter(kind).validate_python(words[-1] if words else "")
    except ValidationError:
        wanted = ", ".join(map(str, get_args(kind))) or kind.__name__
        raise EngramError(f"--{name} in a recorded command must be of {wanted}, got {words}") from None


def _noise(options: Options) -> dict[str, str]:
    """Options of the chips in noise-aware training as they were given, with ``noise-aware`` itself."""
    if "noise-aware" not in options:
        return {}
    names = {name.replace("_", "-") for name in inspect.signature(chosen_array).parameters}
    return {name: " ".join(words) for name, words in options.items() if name in names | {"noise-aware"}}


def _plain(options: Options) -> dict[str, str]:
    return {name: " ".join(words) for name, words in options.items() if name != "seed"}
