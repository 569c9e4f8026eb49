"""Settings and generator of PyTorch during a training, and afterwards."""

import torch

from sw.training.determinism import THREADS, deterministic


def test_deterministic_gives_settings_and_generator_back():
    torch.manual_seed(5)
    want = torch.rand(1)
    torch.manual_seed(5)
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with deterministic(0):
        torch.rand(3)
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.get_num_threads() == THREADS
    assert torch.equal(torch.rand(1), want)
    assert before == (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
