"""The bundle of an imported student."""

import re

from sw.bundle import Bundle
from sw.bundle.inputs import Inputs
from sw.bundle.provenance import Provenance, Step
from sw.design import DesignPoint
from sw.design.images import ImageSize
from sw.importing.graph.layout import Layout
from sw.importing.head import Head
from sw.importing.student import Student
from sw.reference.array_state import ArrayState
from sw.validation import validated

__all__ = ["bundle_of", "same_student"]


def bundle_of(student: Student, head: Head, name: str, step: Step | None = None) -> Bundle:
    """A student with the templates of its head in an ideal array.

    Parameters
    ----------
    student, head
        What the network is.
    name
        Of the design; characters that a design's name must not have become dashes.
    step
        The command that asked for it.

    Raises
    ------
    EngramError
        If the student is larger than a design may be.
    """
    channels, height, width = student.image.map_shape
    design = validated(
        DesignPoint,
        {
            "name": re.sub(r"[^A-Za-z0-9._-]", "-", name).lstrip("._-")[:64] or "imported",
            "height": height,
            "width": width,
            "channels": channels,
            "classes": len(head.templates),
            "layers": [made.layer for made in student.layers],
            "thresholds_per_feature": student.features.thresholds.shape[-1],
        },
        "design",
    )
    return Bundle(
        design,
        tuple(made.parameters for made in student.layers),
        student.features.thresholds,
        head.templates,
        ArrayState.ideal(head.templates, design),
        Provenance(steps=() if step is None else (step,)),
        Inputs(flattened=_flattened(student.image)),
    )


def _flattened(image: Layout) -> tuple[int, ...] | None:
    """Shape of images that hardware takes as one pixel; values in one row are a signal."""
    channels, height, width = image.shape
    size = ImageSize(1, channels, 1) if image.axes == "C" else ImageSize(height, width, channels)
    return size.shape if image.pixel and size[:2] != (1, 1) else None


def same_student(bundle: Bundle, imported: Bundle) -> bool:
    """Whether a bundle has the front end of an imported one, and takes the same images."""
    ours, other = bundle.design, imported.design
    return (ours.image_size, ours.layers) == (other.image_size, other.layers) and all(
        _tables(mine) == _tables(theirs)
        for mine, theirs in zip(bundle.frontend, imported.frontend, strict=True)
    )


def _tables(parameters: object) -> list[bytes]:
    """Bytes of all arrays of a layer's parameters."""
    found: list[bytes] = []
    for value in vars(parameters).values():
        found += _tables(value) if hasattr(value, "__dict__") else [value.tobytes()]
    return found
