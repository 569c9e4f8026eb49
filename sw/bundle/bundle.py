"""The ``*.engram`` file: everything hardware needs, and where it came from.

A bundle is a safetensors file with one JSON string in its metadata. It never holds code. Equal content gives
equal bytes; a file whose bytes are not exactly what saving its content would give is refused.
"""

import hashlib
import json
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from sw.bundle.checks import check_parts
from sw.bundle.inputs import NOTHING_TOLD, Inputs
from sw.bundle.provenance import Provenance
from sw.design import DesignPoint
from sw.errors import EngramError
from sw.reference.array_state import ArrayState
from sw.reference.frontend import LayerParameters, Requantisation

__all__ = ["FORMAT_ONE", "FORMAT_VERSION", "Bundle"]

FORMAT_VERSION = 2
FORMAT_ONE = 1
"""Format of bundles whose making is recorded as a shell line, see :mod:`sw.bundle.format_one`."""
METADATA_KEY = "engram"
REQUANTISATION = tuple(part.name for part in fields(Requantisation))
"""Tensors of a layer with wide activations, which no other layer has."""
INL = "adc.inl"
"""Tensor of a bundle whose ADCs have nonlinearity, which no other bundle has."""
NOISE = ("noise.key", "noise.scale", "noise.shift")
"""Tensors of a bundle with read noise, which no other bundle has."""


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
    array
        The cells' codes, the ADCs, the read noise and the pulse rule of one programmed array.
    provenance
        Where it comes from.
    inputs
        Names of the classes, and how values become uint8. It is in the file only if there is anything to
        tell, so that the digests of bundles without it stay what they are.
    """

    design: DesignPoint
    frontend: tuple[LayerParameters, ...]
    feature_thresholds: NDArray[np.int32]
    templates: NDArray[np.uint8]
    array: ArrayState
    provenance: Provenance
    inputs: Inputs = NOTHING_TOLD

    def __post_init__(self) -> None:
        names = len(self.inputs.class_names)
        if names not in (0, self.design.classes):
            raise EngramError(
                f"inputs must name all {self.design.classes} classes or none, got {names} names"
            )
        size = self.design.image_size
        told = self.inputs.size_for(size)
        if told != size and (size[:2] != (1, 1) or told.values != size.values):
            raise EngramError(
                f"inputs: images of {told.words} must be one pixel of {told.values} channels to the design, "
                f"it takes {size.words}"
            )
        check_parts(self.design, self.frontend, self.feature_thresholds, self.templates, self.array)

    @property
    def digest(self) -> str:
        """SHA-256 of the content, 64 hexadecimal digits."""
        return _digest(self._description(), self._tensors())

    def with_(self, **changes: Any) -> "Bundle":
        """Copy with other fields, checked like a new one."""
        return replace(self, **changes)

    def with_array(self, **changes: Any) -> "Bundle":
        """Copy with other parts of the array's state, checked like a new one."""
        return replace(self, array=replace(self.array, **changes))

    def _description(self) -> dict[str, Any]:
        description = {
            "format": FORMAT_VERSION if self.provenance.recorded is None else FORMAT_ONE,
            "design": self.design.description(),
            "provenance": self.provenance.description(),
        }
        if inputs := self.inputs.description():
            description["inputs"] = inputs
        if self.array.pulse is not None:
            description["pulse"] = self.array.pulse.model_dump()
        return description

    def _tensors(self) -> dict[str, NDArray]:
        adc, noise = self.array.adc, self.array.read_noise
        tensors: dict[str, NDArray] = {
            "quantiser.thresholds": self.feature_thresholds,
            "templates": self.templates,
            "array.codes": self.array.codes,
            "adc.gain": adc.gain,
            "adc.offset": adc.offset,
            "adc.shift": np.array([adc.shift], np.int32),
        }
        if adc.inl.size:
            tensors[INL] = adc.inl
        if noise is not None:
            parts = noise.key, noise.scale, np.array([noise.shift], np.int32)
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


def _digest(description: dict[str, Any], tensors: dict[str, NDArray]) -> str:
    sha = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for name, tensor in tensors.items():
        sha.update(f"\n{name} {tensor.dtype} {tensor.shape}\n".encode())
        sha.update(tensor.tobytes())
    return sha.hexdigest()
