"""What is kept of a teacher: tensors and what they belong to in one safetensors file, with a digest."""

import hashlib
import json
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from sw.console import messages
from sw.downloads import cache_folder
from sw.errors import EngramError
from sw.files import write_atomically

__all__ = ["entry_path", "keep", "kept", "tensors_digest"]

METADATA_KEY = "engram-teacher"


def entry_path(identity: list[Any], kind: str) -> Path:
    """Where something of a teacher is kept: a name from what it is, and ``weights`` or ``logits``."""
    return cache_folder() / "teachers" / f"{_identity_digest(identity)[:32]}.{kind}.safetensors"


def tensors_digest(identity: list[Any], tensors: dict[str, Tensor]) -> str:
    """SHA-256 over an identity (JSON) and tensors: names, types, shapes, bytes."""
    sha = hashlib.sha256(_identity_digest(identity).encode())
    for name in sorted(tensors):
        value = tensors[name].detach().cpu().contiguous()
        sha.update(f"\n{name} {value.dtype} {tuple(value.shape)}\n".encode())
        sha.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return sha.hexdigest()


def keep(path: Path, identity: list[Any], tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
    """Write an entry; a cache that cannot be written is only a note."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    content = {"identity": identity, "values": values, "digest": tensors_digest([identity, values], tensors)}
    try:
        write_atomically(path, safetensors.torch.save(tensors, {METADATA_KEY: json.dumps(content)}))
    except EngramError as error:
        messages.print(f"[yellow]the teacher is not kept:[/] {error}", soft_wrap=True)


def kept(
    path: Path, identity: list[Any], layout: dict[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Tensors, on the CPU, and values of an entry.

    Parameters
    ----------
    path
        The file.
    identity
        What it must belong to.
    layout
        Tensors of the names, shapes and types that it must hold, on any device.

    Returns
    -------
    tuple or None
        None if it is not there, damaged, of another teacher or of another layout.
    """
    try:
        with safetensors.safe_open(path, "pt") as file:
            content = json.loads(file.metadata()[METADATA_KEY])
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}
        values = content["values"]
        same = content["digest"] == tensors_digest([identity, values], tensors)
    except (OSError, safetensors.SafetensorError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return (tensors, values) if same and _layout(tensors) == _layout(layout) else None


def _identity_digest(identity: list[Any]) -> str:
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _layout(tensors: dict[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (value.shape, value.dtype) for name, value in tensors.items()}
