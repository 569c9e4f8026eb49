"""Tables and metadata from outside, checked; the first complaint is one line."""

import reprlib
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from sw.errors import EngramError

__all__ = ["validated"]


Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], values: object, what: str) -> Model:
    """Build `model` from `values`; the first complaint becomes a one-line :class:`EngramError`."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        parts = (str(part) for part in first["loc"])
        # members of a union have names of pydantic's making
        named = (part for part in parts if not part.startswith("literal["))
        place = ".".join(named).encode("unicode_escape").decode()
        text = first["msg"].removeprefix("Value error, ")
        # of a whole table the reader knows the contents
        whole = isinstance(first["input"], dict) and first["type"] in {"missing", "value_error"}
        came = f", got {reprlib.repr(first['input'])}" if place and "got" not in text and not whole else ""
        raise EngramError(f"{what}: {place + ': ' if place else ''}{text}{came}") from None
