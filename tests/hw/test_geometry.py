"""Word and entry layout: every cell has its place, and every level too."""

import numpy as np
import pytest

from hw.geometry import ArrayGeometry
from tests.helpers.bundles import random_bundle, random_levels
from tests.helpers.shapes import SHAPES


def code_place(geometry: ArrayGeometry, device: int, row: int, match_line: int) -> tuple[int, int]:
    """Entry of the code memory and index of the code within it, counted one by one; `row` is a feature's."""
    design = geometry.design
    tile, row_in_tile = divmod(row, design.rows)
    word, row_lane = divmod(row_in_tile, design.row_lanes)
    group, col_lane = divmod(match_line, design.col_lanes)
    base = sum(geometry.words_in_tile[:tile]) * geometry.groups
    entry = base + group * geometry.words_in_tile[tile] + word
    return entry, (col_lane * design.row_lanes + row_lane) * 2 + device


@pytest.mark.parametrize("name", SHAPES)
def test_every_code_is_where_its_place_says(name):
    shape = SHAPES[name]
    geometry = ArrayGeometry(shape)
    codes = random_bundle(shape, seed=1, codes="random").array.codes
    entries = geometry.pack_codes(codes)
    assert len(entries) == geometry.code_depth
    assert all(entry.bit_length() <= geometry.code_width for entry in entries)
    places = set()
    for (device, row, line), code in np.ndenumerate(codes):
        entry, cell = code_place(geometry, device, row, line)
        places.add((entry, cell))
        assert (entries[entry] >> (cell * shape.cell_bits)) & shape.max_code == code
    assert len(places) == codes.size
    if shape.cell == "binary":
        total = sum(bin(entry).count("1") for entry in entries)
        assert total == int(np.unpackbits(codes).sum()), "cells without a device hold 0"


@pytest.mark.parametrize("name", ["one_bit_windows", "windows_that_leak"])
def test_windows_without_a_device_hold_nothing(name):
    shape = SHAPES[name]
    geometry = ArrayGeometry(shape)
    codes = random_bundle(shape, seed=1, codes="random").array.codes
    used = {code_place(geometry, 0, row, line) for row, line in np.ndindex(*codes.shape[1:])}
    empty = 0
    for place, entry in enumerate(geometry.pack_codes(codes)):
        for cell in range(0, shape.row_lanes * 2 * (shape.templates % shape.col_lanes or shape.col_lanes), 2):
            if (place, cell) not in used:
                pair = [entry >> ((cell + device) * shape.cell_bits) & shape.max_code for device in (0, 1)]
                assert pair == [shape.max_code, 0]
                empty += 1
    assert empty


@pytest.mark.parametrize("name", SHAPES)
def test_words_hold_the_levels_tile_by_tile(name):
    shape = SHAPES[name]
    geometry = ArrayGeometry(shape)
    levels = random_levels(shape, 3, seed=2)
    words = geometry.pack_levels(levels)
    assert words.shape == (3, geometry.words, shape.row_lanes)
    for feature in range(shape.features):
        _, cell = code_place(geometry, 0, feature, 0)
        tile, row = divmod(feature, shape.rows)
        word = sum(geometry.words_in_tile[:tile]) + row // shape.row_lanes
        assert (words[:, word, row % shape.row_lanes] == levels[:, feature]).all()
        assert cell % (2 * shape.row_lanes) == 2 * (row % shape.row_lanes)
    assert words.sum() == levels.sum(), "the rest of a word is 0"
    bits = geometry.pack_words(levels)
    assert bits.shape == (3, geometry.words, geometry.word_bits)
    values = np.packbits(bits.reshape(-1, shape.level_bits), axis=1, bitorder="little")
    assert values.reshape(words.shape).tolist() == words.tolist()
