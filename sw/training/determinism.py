"""Equal seeds give equal bits: settings of PyTorch for a training."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

__all__ = ["THREADS", "deterministic"]

THREADS = 1
"""Threads of PyTorch on the CPU. The order of its sums, hence the last bits, depends on their number. With
layers this small a second thread lost a factor of 7 to 35 when the cores were busy with something else."""


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Same seed, same bits on one machine; the caller's generator and settings come back afterwards."""
    # cuBLAS reads this when it starts; without it PyTorch refuses its matrix products as not deterministic.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before, threads = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    memory: Any = torch.utils.deterministic  # type: ignore[attr-defined]
    filled = memory.fill_uninitialized_memory
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True)
        memory.fill_uninitialized_memory = False  # it takes time, and nothing reads it
        torch.set_num_threads(THREADS)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before)
            memory.fill_uninitialized_memory = filled
            torch.set_num_threads(threads)
