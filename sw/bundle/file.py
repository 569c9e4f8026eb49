"""Bundles in files: written whole or not at all, refused if they are not exactly what saving gives."""

import json
import reprlib
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from sw.bundle.bundle import FORMAT_ONE, FORMAT_VERSION, INL, METADATA_KEY, NOISE, REQUANTISATION, Bundle
from sw.bundle.checks import MAX_SHIFT, check_tensor
from sw.bundle.format_one import provenance_of
from sw.bundle.inputs import Inputs
from sw.bundle.provenance import Provenance
from sw.design import DesignPoint
from sw.errors import EngramError
from sw.files import write_atomically
from sw.reference.adc import AdcTables
from sw.reference.array_state import ArrayState
from sw.reference.frontend import LayerParameters, Requantisation
from sw.reference.noise import ReadNoise
from sw.reference.pulse import PulseRule
from sw.validation import validated

__all__ = ["load", "open_bundle", "save", "zoo_names"]


ZOO = Path(__file__).parents[1] / "zoo"


def save(bundle: Bundle, path: Path) -> None:
    """Write a bundle; the file appears whole or not at all.

    Raises
    ------
    EngramError
        If the file cannot be written.
    """
    write_atomically(path, bundle.to_bytes())


def load(path: Path) -> Bundle:
    """Read a bundle and refuse whatever is not exactly one.

    Raises
    ------
    EngramError
        If the file is missing, is not a bundle, is damaged, or is of another format version.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise EngramError(f"cannot read {path}: {error.strerror}; a bundle is a *.engram file") from None
    return from_bytes(raw, str(path))


def open_bundle(argument: str) -> Bundle:
    """Read what a command's BUNDLE argument names: a path, or ``zoo:NAME`` for one that comes with Engram.

    Raises
    ------
    EngramError
        As :func:`load`; for an unknown zoo name with the known ones.
    """
    if not argument.startswith("zoo:"):
        return load(Path(argument))
    known = zoo_names()
    name = argument.removeprefix("zoo:")
    if name not in known:
        listed = ", ".join(known) or "none yet; train one with 'engram train'"
        raise EngramError(f"the zoo holds no bundle {name!r}; known: {listed}")
    return load(ZOO / f"{name}.engram")


def zoo_names() -> list[str]:
    """Names of the bundles that come with Engram, sorted, without ``zoo:``."""
    return sorted(path.stem for path in ZOO.glob("*.engram"))


def from_bytes(raw: bytes, name: str) -> Bundle:
    """Read a bundle from memory; `name` is what messages call it. Raises EngramError as :func:`load`."""
    description, tensors = _parse(raw, name)
    version = description.get("format")
    if version not in (FORMAT_ONE, FORMAT_VERSION):
        raise EngramError(
            f"{name}: bundle format {reprlib.repr(version)} is not supported, this Engram reads formats "
            f"{FORMAT_ONE} and {FORMAT_VERSION}; train it again or use the version that made it"
        )
    design = validated(DesignPoint, description.get("design"), f"{name}: design")
    made, what = description.get("provenance"), f"{name}: provenance"
    provenance = provenance_of(made, what) if version == FORMAT_ONE else validated(Provenance, made, what)
    inputs = validated(Inputs, description.get("inputs", {}), f"{name}: inputs")
    pulse = None
    if "pulse" in description:
        pulse = validated(PulseRule, description["pulse"], f"{name}: pulse")
    wanted = {"quantiser.thresholds", "templates", "array.codes", "adc.gain", "adc.offset", "adc.shift"}
    for number, layer in enumerate(design.layers):
        parts = ("weight", "thresholds", *(REQUANTISATION if layer.requantises else ()))
        wanted |= {f"frontend.{number}.{part}" for part in parts}
    wanted |= {INL} & set(tensors)
    if not set(tensors).isdisjoint(NOISE):
        wanted |= set(NOISE)
    if set(tensors) != wanted:
        odd = ", ".join(repr(tensor) for tensor in sorted(wanted ^ set(tensors))[:4])
        raise EngramError(f"{name}: tensors missing or unknown: {odd}; the file is damaged or foreign")
    try:
        for shift in {"adc.shift", "noise.shift"} & set(tensors):
            check_tensor(shift, tensors[shift], np.int32, (1,), 0, MAX_SHIFT)
        bundle = Bundle(
            design=design,
            frontend=tuple(
                LayerParameters(
                    tensors[f"frontend.{number}.weight"],
                    tensors[f"frontend.{number}.thresholds"],
                    Requantisation(*(tensors[f"frontend.{number}.{part}"] for part in REQUANTISATION))
                    if layer.requantises
                    else Requantisation(),
                )
                for number, layer in enumerate(design.layers)
            ),
            feature_thresholds=tensors["quantiser.thresholds"],
            templates=tensors["templates"],
            array=ArrayState(
                tensors["array.codes"],
                AdcTables(
                    tensors["adc.gain"],
                    tensors["adc.offset"],
                    int(tensors["adc.shift"][0]),
                    *(tensors[name] for name in (INL,) if name in tensors),
                ),
                ReadNoise(tensors[NOISE[0]], tensors[NOISE[1]], int(tensors[NOISE[2]][0]))
                if NOISE[0] in tensors
                else None,
                pulse,
            ),
            provenance=provenance,
            inputs=inputs,
        )
    except EngramError as error:
        raise EngramError(f"{name}: {error}") from None
    if bundle.to_bytes() != raw:
        raise EngramError(f"{name}: content and digest disagree; the file is damaged, get a fresh copy")
    return bundle


def _parse(raw: bytes, name: str) -> tuple[dict[str, Any], dict[str, NDArray]]:
    refusal = EngramError(
        f"{name} is not an Engram bundle, or is damaged; a bundle comes from 'engram train'"
    )
    try:
        tensors = safetensors.numpy.load(raw)
        length = int.from_bytes(raw[:8], "little")
        metadata = json.loads(raw[8 : 8 + length])["__metadata__"]
        description = json.loads(metadata[METADATA_KEY])
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError, RecursionError, AttributeError):
        raise refusal from None
    if not isinstance(description, dict):
        raise refusal
    return description, tensors
