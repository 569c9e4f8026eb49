"""What is trained: chunks of an evaluation."""

import torch

from sw.training.loop import trainable as classifier
from sw.training.loop.trainable import in_chunks


def test_chunks_bound_memory_and_change_nothing(monkeypatch):
    monkeypatch.setattr(classifier, "EVALUATION_BATCH", 3)
    sizes = []
    got = in_chunks(lambda part: sizes.append(len(part)) or part * 2, torch.arange(8))
    assert sizes == [3, 3, 2]
    assert torch.equal(got, torch.arange(8) * 2)
