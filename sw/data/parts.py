"""A data set: images and labels in three parts, of which one is never chosen from."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from sw.bundle.inputs import NOTHING_TOLD, Inputs
from sw.bundle.provenance import DataOrigin
from sw.design.images import ImageSize, in_one_pixel, size_of

__all__ = ["PARTS", "Dataset", "Part", "PartName"]

PartName = Literal["train", "validation", "test"]
PARTS: tuple[PartName, ...] = get_args(PartName)


@dataclass(frozen=True, eq=False)
class Part:
    """Images and their labels.

    Attributes
    ----------
    images
        uint8, (N, H, W) or (N, H, W, C), see :mod:`sw.design.images`.
    labels
        uint8, (N,), classes 0 .. K-1.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        """Number of images."""
        return len(self.images)

    def first(self, count: int) -> "Part":
        """The first `count` images, all where there are fewer."""
        return Part(self.images[:count], self.labels[:count])


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels in three fixed parts.

    Attributes
    ----------
    name
        Name, or file name for a set given by path.
    train, validation, test
        What weights and templates are made from; what choices are made by; what is only measured.
    classes
        K.
    inputs
        Names of the classes, and how values became uint8.
    """

    name: str
    train: Part
    validation: Part
    test: Part
    classes: int
    inputs: Inputs = NOTHING_TOLD

    @property
    def parts(self) -> dict[PartName, Part]:
        """The three parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def size(self) -> ImageSize:
        """Rows, columns and channels of every image."""
        return size_of(self.train.images.shape)

    def in_one_pixel(self) -> "Dataset":
        """With every image as one pixel, whose channels are its bytes; `inputs` remember its shape."""
        train, validation, test = (
            Part(in_one_pixel(part.images), part.labels) for part in self.parts.values()
        )
        inputs = self.inputs.model_copy(update={"flattened": self.size.shape})
        return replace(self, train=train, validation=validation, test=test, inputs=inputs)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over images, labels and split, 64 hexadecimal digits; worked out once, for it reads all."""
        sha = hashlib.sha256()
        # "val" and not "validation": the digests that bundles remember were made with the short name.
        for name, part in (("train", self.train), ("val", self.validation), ("test", self.test)):
            for array in (part.images, part.labels):
                sha.update(f"{name} {array.shape}\n".encode())
                sha.update(np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()

    @property
    def origin(self) -> DataOrigin:
        """Record of this data set in a bundle that is made from it."""
        return DataOrigin(name=self.name, digest=self.digest)
