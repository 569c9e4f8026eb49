from typing import get_args

import pytest

from constraints.boards import Family
from hw.boards import known as boards
from hw.families.known import FAMILIES, known


def test_every_family_of_a_board_file_is_known():
    assert set(FAMILIES) == set(get_args(Family))
    assert all(known(name).name == name for name in FAMILIES)


@pytest.mark.parametrize("name", [*boards.names(), "tang_nano_9k"])
def test_shapes_of_block_ram_have_its_size(name):
    """Widths without parity bits use 8 of 9 bits."""
    board = boards.load(name)

    bits = [shape.depth * shape.width for shape in known(board.family).ram_shapes]

    assert max(bits) == 1024 * board.limits.block_ram_kbit
    assert min(bits) >= max(bits) * 8 // 9
