"""Law: what the source of a device gives, as a table of a device file."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

__all__ = ["Law"]


class Law(BaseModel):
    """Figures of one law; a device has it as a field, and a device file as the table of that name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    example: ClassVar[str]
    """That table with every key, and what the keys mean."""
