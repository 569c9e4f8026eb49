"""A checkpoint file: tensors and JSON in one safetensors file, with a digest over both; never a pickle."""

import hashlib
import json
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from sw.errors import EngramError
from sw.files import write_atomically

__all__ = ["digest_of", "read_checkpoint", "write_checkpoint"]

METADATA_KEY = "engram-run"


def write_checkpoint(path: Path, content: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Replace a checkpoint, whole or not at all, also when the power goes.

    Parameters
    ----------
    path
        The file.
    content
        What JSON holds.
    tensors
        By name, on any device.

    Raises
    ------
    EngramError
        If it cannot be written.
    """
    tensors = {
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, value in tensors.items()
    }
    content = json.loads(json.dumps(content))  # as it will be read
    metadata = json.dumps({"content": content, "digest": digest_of(content, tensors)})
    write_atomically(path, safetensors.torch.save(tensors, {METADATA_KEY: metadata}), sync=True)


def read_checkpoint(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]] | None:
    """Content and tensors, on the CPU; None if there is no file.

    Raises
    ------
    EngramError
        If the file is not exactly what was written.
    """
    try:
        with safetensors.safe_open(path, "pt") as file:
            metadata = json.loads(file.metadata()[METADATA_KEY])
            # copies: what safe_open gives lies in the file
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}
        content = metadata["content"]
        if metadata["digest"] == digest_of(content, tensors):
            return content, tensors
    except FileNotFoundError:
        return None
    except (OSError, safetensors.SafetensorError, ValueError, KeyError, TypeError, RecursionError):
        pass
    raise EngramError(f"{path} is damaged; delete it to train this part anew, or give --restart")


def digest_of(content: dict[str, Any], tensors: dict[str, Tensor]) -> str:
    """SHA-256 over JSON content and tensors: names, types, shapes, bytes (contiguous, on the CPU)."""
    sha = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name in sorted(tensors):
        value = tensors[name]
        sha.update(f"\n{name} {value.dtype} {tuple(value.shape)}\n".encode())
        sha.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return sha.hexdigest()
