"""The ``*.engram`` file: everything hardware needs, and where it came from.

A bundle is a safetensors file with one JSON string in its metadata. It never holds code. Equal content gives
equal bytes; a file whose bytes are not exactly what saving its content would give is refused.
"""

import hashlib
import json
import reprlib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sw.bundle_checks import MAX_SHIFT, check_bundle, check_tensor
from sw.design import DesignPoint, validated
from sw.errors import EngramError
from sw.files import write_atomically
from sw.reference.adc import AdcTables
from sw.reference.frontend import LayerParameters, Requantisation
from sw.reference.noise import ReadNoise
from sw.reference.pulse import PulseRule

__all__ = ["FORMAT_VERSION", "Bundle", "DataOrigin", "Provenance", "load", "open_bundle", "save"]

FORMAT_VERSION = 1
METADATA_KEY = "engram"
REQUANTISATION = tuple(part.name for part in fields(Requantisation))
"""Tensors of a layer with wide activations, which no other layer has."""
INL = "adc.inl"
"""Tensor of a bundle whose ADCs have nonlinearity, which no other bundle has."""
NOISE = ("noise.key", "noise.scale", "noise.shift")
"""Tensors of a bundle with read noise, which no other bundle has."""
ZOO = Path(__file__).parent / "zoo"
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
        uint8. Binary cells: (T, F), stored bits. Window cells: (2, T, F), lowest and highest level.
    codes
        uint8, (2, F, T), programmed conductance codes by device, word-line pair, match line.
    adc
        Gain, offset, shift and nonlinearity of every ADC.
    provenance
        Where it comes from.
    read_noise
        Noise of every conversion; None for none.
    pulse
        How the devices answer programming pulses, for a chip that can program itself; None for one that
        cannot. Its states are the conductance codes.
    """

    design: DesignPoint
    frontend: tuple[LayerParameters, ...]
    feature_thresholds: NDArray[np.int32]
    templates: NDArray[np.uint8]
    codes: NDArray[np.uint8]
    adc: AdcTables
    provenance: Provenance
    read_noise: ReadNoise | None = None
    pulse: PulseRule | None = None

    def __post_init__(self) -> None:
        check_bundle(self)

    @property
    def digest(self) -> str:
        """SHA-256 of the content, 64 hexadecimal digits."""
        return _digest(self._description(), self._tensors())

    def with_(self, **changes: Any) -> "Bundle":
        """Copy with other fields, checked like a new one."""
        return replace(self, **changes)

    def _description(self) -> dict[str, Any]:
        description = {
            "format": FORMAT_VERSION,
            "design": self.design.description(),
            "provenance": self.provenance.model_dump(),
        }
        if self.pulse is not None:
            description["pulse"] = self.pulse.model_dump()
        return description

    def _tensors(self) -> dict[str, NDArray]:
        tensors: dict[str, NDArray] = {
            "quantiser.thresholds": self.feature_thresholds,
            "templates": self.templates,
            "array.codes": self.codes,
            "adc.gain": self.adc.gain,
            "adc.offset": self.adc.offset,
            "adc.shift": np.array([self.adc.shift], np.int32),
        }
        if self.adc.inl.size:
            tensors[INL] = self.adc.inl
        if self.read_noise is not None:
            parts = self.read_noise.key, self.read_noise.scale, np.array([self.read_noise.shift], np.int32)
            tensors |= dict(zip(NOISE, parts, strict=True))
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
            codes=tensors["array.codes"],
            adc=AdcTables(
                tensors["adc.gain"],
                tensors["adc.offset"],
                int(tensors["adc.shift"][0]),
                *(tensors[name] for name in (INL,) if name in tensors),
            ),
            provenance=provenance,
            read_noise=ReadNoise(tensors[NOISE[0]], tensors[NOISE[1]], int(tensors[NOISE[2]][0]))
            if NOISE[0] in tensors
            else None,
            pulse=pulse,
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


def _digest(description: dict[str, Any], tensors: dict[str, NDArray]) -> str:
    sha = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for name, tensor in tensors.items():
        sha.update(f"\n{name} {tensor.dtype} {tensor.shape}\n".encode())
        sha.update(tensor.tobytes())
    return sha.hexdigest()
