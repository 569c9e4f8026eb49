"""A teacher's entries in the cache: files named by what they belong to; a damaged one counts as none."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sw.cache import Store
from sw.cache.kept import keep_within_limit, used
from sw.errors import EngramError
from sw.progress import Say
from sw.sources import code_of
from sw.training.run.state_file import read_checkpoint, write_checkpoint
from sw.training.teacher import foreign, taught

__all__ = ["entry_path", "keep", "kept"]


def entry_path(identity: dict[str, Any], kind: str) -> Path:
    """Path of a teacher's cached file, by what the teacher is (JSON); ``weights`` or ``logits``."""
    key = {"code": code_of(taught, foreign), "identity": identity}
    return Store().path("teachers", key, f".{kind}.safetensors")


def keep(
    identity: dict[str, Any], kind: str, tensors: dict[str, Tensor], values: dict[str, Any], warn: Say
) -> None:
    """Write an entry; `warn` gets a line where the cache cannot be written, which is no error."""
    keep_within_limit(Store().folder)
    try:
        content = {"identity": identity, "values": values}
        write_checkpoint(entry_path(identity, kind), content, tensors)
    except EngramError as error:
        warn(f"the teacher is not kept: {error}")


def kept(
    identity: dict[str, Any], kind: str, layout: dict[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Tensors, on the CPU, and values of an entry.

    Parameters
    ----------
    identity, kind
        As they were given to :func:`keep`.
    layout
        Tensors of the names, shapes and types that it must hold.

    Returns
    -------
    tuple or None
        None if it is not there, damaged, of another teacher or of another layout.
    """
    try:
        found = read_checkpoint(entry_path(identity, kind))
    except EngramError:
        return None
    if found is None or found[0].get("identity") != identity or _layout(found[1]) != _layout(layout):
        return None
    used(entry_path(identity, kind))
    return found[1], found[0]["values"]


def _layout(tensors: dict[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (value.shape, value.dtype) for name, value in tensors.items()}
