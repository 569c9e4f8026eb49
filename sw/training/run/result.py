"""Result of a finished run in its folder, and the machine that it was computed on."""

import json
import os
import platform
from pathlib import Path
from typing import Any

from sw.errors import EngramError
from sw.files import write_atomically

__all__ = ["IDENTITY", "RESULT", "as_text", "machine", "read_result", "write_result"]

IDENTITY, RESULT = "run.json", "result.json"


def write_result(path: Path, result: dict[str, Any], seconds: float) -> None:
    """Write `result` into a run's folder, and beside it ``seconds`` and ``machine``.

    Raises
    ------
    EngramError
        If it cannot be written.
    """
    text = as_text({**result, "seconds": seconds, "machine": machine()})
    write_atomically(path / RESULT, text, sync=True)


def read_result(path: Path) -> dict[str, Any]:
    """The result of a run that is finished.

    Raises
    ------
    EngramError
        If `path` is no folder of a run, or the run has not come to its end.
    """
    if not (path / IDENTITY).is_file():
        raise EngramError(f"{path} must be the folder of a run, it has no {IDENTITY}; give one that has")
    try:
        found = json.loads((path / RESULT).read_bytes())
    except FileNotFoundError:
        raise EngramError(
            f"{path} must hold a finished run, it has no {RESULT}; let the same command go on to its end"
        ) from None
    except OSError as error:
        raise EngramError(f"cannot read {path / RESULT}: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise EngramError(f"{path / RESULT} must be a JSON object, it is not; repeat the command of the run")
    return found


def machine() -> dict[str, str | int | None]:
    """The machine of this process: processor, cores it may use, accelerator or None, PyTorch."""
    import torch

    processor = platform.processor() or platform.machine()
    try:  # Linux, where the platform module knows the architecture only
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": named[0] if named else processor,
        "cores": cores,
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "torch": torch.__version__,
    }


def as_text(values: dict[str, Any]) -> bytes:
    """JSON for people too."""
    return (json.dumps(values, indent=2) + "\n").encode()
