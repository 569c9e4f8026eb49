"""Inputs of a classifier beside their size: names of the classes, and how values became uint8."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from sw.design.images import ImageSize, size_of
from sw.design.layer import Count
from sw.reference.inputs.affine import Affine
from sw.reference.inputs.log_mel import LogMel

__all__ = ["NOTHING_TOLD", "Inputs"]

Name = Annotated[str, Field(min_length=1, max_length=64)]


class Inputs(BaseModel):
    """Everything that a data set tells of its images, and a bundle remembers.

    Parameters
    ----------
    class_names
        One for each class; empty where nobody gave them. Tables and pictures take brackets and dollars for
        their own marks, so names have none.
    affine
        The rule by which values of a sensor became uint8; None for a data set of uint8.
    audio
        The rule by which recordings became maps; None for others.
    flattened
        Rows, columns, and channels where there are several, of images that a design without neighbouring
        pixels takes as one pixel: their bytes are its channels, in the order of the wire. None where images
        have the design's own size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    class_names: tuple[Name, ...] = ()
    affine: Affine | None = None
    audio: LogMel | None = None
    flattened: Annotated[tuple[Count, ...], Field(min_length=2, max_length=3)] | None = None

    @field_validator("class_names")
    @classmethod
    def _tell_classes_apart(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError("class names must differ")
        if any(not name.isprintable() or set("[]$") & set(name) for name in names):
            raise ValueError("class names must be printable, without [, ] and $")
        return names

    def description(self) -> dict[str, Any]:
        """JSON values of what is there; empty where nothing is."""
        return {name: value for name, value in self.model_dump().items() if value not in ((), None)}

    def size_for(self, size: ImageSize) -> ImageSize:
        """Size of the images of a data set for a design that takes images of `size`."""
        return size if self.flattened is None else size_of((1, *self.flattened))

    def name_of(self, label: int) -> str:
        """Class for people: its name behind its number, or the number alone."""
        known = 0 <= label < len(self.class_names)
        return f"{label} {self.class_names[label]}" if known else str(label)


NOTHING_TOLD = Inputs()
"""Of a data set of uint8 whose classes have numbers alone."""
