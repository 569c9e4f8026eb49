"""The ``*.engram`` file: everything hardware needs, and where it came from.

A bundle is a safetensors file with one JSON string in its metadata. It never holds code. Equal content gives
equal bytes; a file whose bytes are not exactly what saving its content would give is refused.
"""

import hashlib
import json
import os
import reprlib
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sw.design import DesignPoint, validated
from sw.errors import EngramError
from sw.reference.adc import GAIN_BITS, AdcTables
from sw.reference.frontend import MULTIPLIER_BITS, LayerParameters, Requantisation

__all__ = [
    "FORMAT_VERSION",
    "Bundle",
    "DataOrigin",
    "Provenance",
    "load",
    "open_bundle",
    "save",
    "write_atomically",
]

FORMAT_VERSION = 1
METADATA_KEY = "engram"
REQUANTISATION = tuple(part.name for part in fields(Requantisation))
"""Tensors of a layer with wide activations, which no other layer has."""
ZOO = Path(__file__).parent / "zoo"
MAX_THRESHOLD = 2**24
"""Accumulators of anything that fits an FPGA stay below this; exporting a network refuses more."""
MAX_SHIFT = 31
MAX_REQUANTISATION_OFFSET = 2**40
"""Exporting stays below: the largest threshold times the largest multiplier, and as much for the level."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class DataOrigin(BaseModel):
    """Which data the bundle was trained on: name or file name, and SHA-256 over images, labels and split."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    digest: Digest


class Provenance(BaseModel):
    """How the bundle came to be.

    Parameters
    ----------
    engram_version
        Version of the tool.
    data
        The data set; None for bundles made by hand.
    command, seed
        What was run.
    metrics
        Accuracies by name, such as ``test.float``; recorded when the bundle was made.
    device
        Device preset, seed and result counts of programming; None for the ideal codes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    engram_version: str
    data: DataOrigin | None = None
    command: str = ""
    seed: int = 0
    metrics: dict[str, float] = {}
    device: dict[str, str | int | float] | None = None


@dataclass(frozen=True, eq=False)
class Bundle:
    """One classifier, ready for the reference, the simulator and the FPGA.

    Attributes
    ----------
    design
        All sizes.
    frontend
        Weights, and thresholds or requantisation, one entry per layer.
    feature_thresholds
        int32, (h, w, C, L), sorted along L.
    templates
        uint8, (T, F), stored bits.
    codes
        uint8, (2, F, T), programmed conductance codes by device, word-line pair, match line.
    adc
        Gain, offset and shift of every ADC.
    provenance
        Where it comes from.
    """

    design: DesignPoint
    frontend: tuple[LayerParameters, ...]
    feature_thresholds: NDArray[np.int32]
    templates: NDArray[np.uint8]
    codes: NDArray[np.uint8]
    adc: AdcTables
    provenance: Provenance

    def __post_init__(self) -> None:
        _check(self)

    @property
    def digest(self) -> str:
        """SHA-256 of the content, 64 hexadecimal digits."""
        return _digest(self._description(), self._tensors())

    def with_(self, **changes: Any) -> "Bundle":
        """Copy with other fields, checked like a new one."""
        return replace(self, **changes)

    def _description(self) -> dict[str, Any]:
        return {
            "format": FORMAT_VERSION,
            "design": self.design.model_dump(),
            "provenance": self.provenance.model_dump(),
        }

    def _tensors(self) -> dict[str, NDArray]:
        tensors: dict[str, NDArray] = {
            "quantiser.thresholds": self.feature_thresholds,
            "templates": self.templates,
            "array.codes": self.codes,
            "adc.gain": self.adc.gain,
            "adc.offset": self.adc.offset,
            "adc.shift": np.array([self.adc.shift], np.int32),
        }
        for number, trained in enumerate(self.frontend):
            tensors[f"frontend.{number}.weight"] = trained.weight
            tensors[f"frontend.{number}.thresholds"] = trained.thresholds
            if self.design.layers[number].requantises:
                for part in REQUANTISATION:
                    tensors[f"frontend.{number}.{part}"] = getattr(trained.requantisation, part)
        return {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}

    def to_bytes(self) -> bytes:
        """The file's content."""
        tensors = self._tensors()
        description = {**self._description(), "digest": self.digest}
        return safetensors.numpy.save(tensors, {METADATA_KEY: json.dumps(description, sort_keys=True)})


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
    known = sorted(path.stem for path in ZOO.glob("*.engram"))
    name = argument.removeprefix("zoo:")
    if name not in known:
        listed = ", ".join(known) or "none yet; train one with 'engram train'"
        raise EngramError(f"the zoo holds no bundle {name!r}; known: {listed}")
    return load(ZOO / f"{name}.engram")


def from_bytes(raw: bytes, name: str) -> Bundle:
    """Read a bundle from memory; `name` is what messages call it. Raises EngramError as :func:`load`."""
    description, tensors = _parse(raw, name)
    version = description.get("format")
    if version != FORMAT_VERSION:
        raise EngramError(
            f"{name}: bundle format {reprlib.repr(version)} is not supported, this Engram reads format "
            f"{FORMAT_VERSION}; train it again or use the version that made it"
        )
    design = validated(DesignPoint, description.get("design"), f"{name}: design")
    provenance = validated(Provenance, description.get("provenance"), f"{name}: provenance")
    wanted = {"quantiser.thresholds", "templates", "array.codes", "adc.gain", "adc.offset", "adc.shift"}
    for number, layer in enumerate(design.layers):
        parts = ("weight", "thresholds", *(REQUANTISATION if layer.requantises else ()))
        wanted |= {f"frontend.{number}.{part}" for part in parts}
    if set(tensors) != wanted:
        odd = ", ".join(repr(tensor) for tensor in sorted(wanted ^ set(tensors))[:4])
        raise EngramError(f"{name}: tensors missing or unknown: {odd}; the file is damaged or foreign")
    try:
        _check_tensor("adc.shift", tensors["adc.shift"], np.int32, (1,), 0, MAX_SHIFT)
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
            codes=tensors["array.codes"],
            adc=AdcTables(tensors["adc.gain"], tensors["adc.offset"], int(tensors["adc.shift"][0])),
            provenance=provenance,
        )
    except EngramError as error:
        raise EngramError(f"{name}: {error}") from None
    if bundle.to_bytes() != raw:
        raise EngramError(f"{name}: content and digest disagree; the file is damaged, get a fresh copy")
    return bundle


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to a temporary neighbour and rename it; raises EngramError when that fails."""
    if not path.name:
        raise EngramError(f"cannot write {path}: that is a folder; give a file name")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        raise EngramError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):  # after a rename it is gone; in a folder that is none it never was
            temporary.unlink()


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


def _digest(description: dict[str, Any], tensors: dict[str, NDArray]) -> str:
    sha = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for name, tensor in tensors.items():
        sha.update(f"\n{name} {tensor.dtype} {tensor.shape}\n".encode())
        sha.update(tensor.tobytes())
    return sha.hexdigest()


def _check(bundle: Bundle) -> None:
    """Shapes, dtypes and ranges against the design; raises EngramError."""
    design = bundle.design
    if len(bundle.frontend) != len(design.layers):
        raise EngramError(
            f"design has {len(design.layers)} layers, parameters for {len(bundle.frontend)} given"
        )
    for number, (layer, shape, trained) in enumerate(
        zip(design.layers, design.layer_shapes, bundle.frontend, strict=True)
    ):
        name = f"frontend.{number}"
        weight_shape = layer.weight_shape(shape.inputs[0]) if layer.has_weights else (0, 0, 0, 0)
        limit = layer.weight_limit
        _check_tensor(f"{name}.weight", trained.weight, np.int8, weight_shape, -limit, limit)
        if layer.weight_bits == 1 and not np.all(trained.weight):
            raise EngramError(f"{name}.weight: 1-bit weights must be -1 or +1, got 0")
        _check_tensor(
            f"{name}.thresholds",
            trained.thresholds,
            np.int32,
            (weight_shape[0], layer.thresholds_per_channel),
            -MAX_THRESHOLD,
            MAX_THRESHOLD,
        )
        _check_sorted(f"{name}.thresholds", trained.thresholds)
        _check_requantisation(name, trained.requantisation, weight_shape[0] if layer.requantises else 0)
    channels, height, width = design.feature_map_shape
    quantiser_shape = (height, width, channels, design.thresholds_per_feature)
    _check_tensor(
        "quantiser.thresholds",
        bundle.feature_thresholds,
        np.int32,
        quantiser_shape,
        -MAX_THRESHOLD,
        MAX_THRESHOLD,
    )
    _check_sorted("quantiser.thresholds", bundle.feature_thresholds)
    _check_tensor("templates", bundle.templates, np.uint8, (design.templates, design.features), 0, 1)
    _check_tensor(
        "array.codes", bundle.codes, np.uint8, (2, design.features, design.templates), 0, design.max_code
    )
    adcs = (0, 0) if design.adc_bits is None else (design.row_tiles, design.adcs_per_row_tile)
    _check_tensor("adc.gain", bundle.adc.gain, np.int32, adcs, 0, 2**GAIN_BITS - 1)
    _check_tensor("adc.offset", bundle.adc.offset, np.int32, adcs, -(2**30), 2**30)
    if not 0 <= bundle.adc.shift <= MAX_SHIFT or (design.adc_bits is None and bundle.adc.shift):
        raise EngramError(
            f"adc.shift must be 0 to {MAX_SHIFT}, and 0 for the ideal ADC, got {bundle.adc.shift}"
        )


def _check_requantisation(name: str, tables: Requantisation, channels: int) -> None:
    shape, limit = (channels,), MAX_REQUANTISATION_OFFSET
    _check_tensor(f"{name}.multiplier", tables.multiplier, np.int32, shape, 0, 2**MULTIPLIER_BITS - 1)
    _check_tensor(f"{name}.offset", tables.offset, np.int64, shape, -limit, limit)
    _check_tensor(f"{name}.shift", tables.shift, np.int32, shape, 0, MAX_SHIFT)


def _check_tensor(
    name: str, tensor: NDArray, dtype: type, shape: tuple[int, ...], lowest: int, highest: int
) -> None:
    if tensor.dtype != dtype or tensor.shape != shape:
        raise EngramError(
            f"{name} must be {np.dtype(dtype)} of shape {shape}, got {tensor.dtype} of shape {tensor.shape}"
        )
    if tensor.size and not (lowest <= tensor.min() and tensor.max() <= highest):
        raise EngramError(f"{name} must hold {lowest} to {highest}, got {tensor.min()} to {tensor.max()}")


def _check_sorted(name: str, tensor: NDArray) -> None:
    if np.any(np.diff(tensor.astype(np.int64), axis=-1) < 0):
        raise EngramError(f"{name} must be sorted along the last axis")
