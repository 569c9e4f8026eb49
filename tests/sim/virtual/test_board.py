"""The client of ``engram run``, byte for byte, against a virtual board: its images, and the five faults."""

import dataclasses
import json
import re

import numpy as np
import pytest

from sim.models.runner import Model
from sim.virtual.board import virtual_board
from sw.bundle import save
from sw.data.dataset import load
from sw.reference import pipeline
from tests.helpers.bundles import random_bundle
from tests.helpers.commands import run
from tests.helpers.host import VIRTUAL_BAUD, VIRTUAL_DESIGN, virtual_design

IMAGES = 5
BEFORE = 1 + 9 + 1 + 5
"""Bytes ahead of the first image: who are you, nine echoes, who are you, and the index of the image."""
IN_THE_THIRD = BEFORE + 2 * (1 + 9 * 8) + 30
DESIGN = virtual_design()


@pytest.fixture(scope="module")
def model(models):
    return DESIGN.model()


@pytest.fixture
def asked(tmp_path, data_file):
    """Run the command on a port, with one second to wait for an answer."""
    save(DESIGN.bundle, tmp_path / "chip.engram")

    def ask(port, *more, bundle=tmp_path / "chip.engram"):
        options = ("--data", data_file, "--images", IMAGES, "--baud", VIRTUAL_BAUD, "--timeout", 1)
        return run("run", bundle, "--port", port, *options, *more)

    return ask


def error_in(said):
    """The one line of an error, among notes."""
    (line,) = [line for line in said.splitlines() if line.startswith("error")]
    return line


@pytest.mark.usefixtures("model")
def test_every_value_of_every_image_is_the_references(asked, data_file, monkeypatch):
    monkeypatch.setattr("sim.virtual.design.from_bundle", lambda *_: DESIGN)
    code, out, _ = asked("virtual:icebreaker", "--scores", "--json")
    said = json.loads(out)
    assert code == 0 and (said["images"], said["disagreements"], said["repeated"]) == (IMAGES, 0, 0)
    facts = ("virtual:icebreaker", VIRTUAL_BAUD, DESIGN.bundle.digest)
    assert (said["port"], said["baud"], said["bundle"]) == facts
    assert (
        said["slowdown"] >= 1
        and said["images_per_second"] > 0
        and said["latency_ms"] > 0
        and said["link_ms"] > 0
    )
    test = load(data_file).test
    labels = pipeline.run(DESIGN.bundle, test.images[:IMAGES]).label
    assert said["accuracy"] == np.mean(labels == test.labels[:IMAGES])


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ("reset", "image 2 is sent again: the chip must answer "),
        ("noise", "image 2 is sent again: the chip must answer "),
    ],
)
def test_a_board_that_is_disturbed_in_an_image_gets_it_again(model, asked, order, says):
    with virtual_board(DESIGN, model) as board:
        getattr(board, order)(IN_THE_THIRD)
        code, out, err = asked(board.port, "--scores", "--json")
    said = json.loads(out)
    assert code == 0 and said["disagreements"] == 0 and said["repeated"] >= 1
    assert says in err


def test_a_simulation_that_ends_early_shows_its_log(tmp_path):
    script = tmp_path / "model"
    script.write_text("#!/bin/sh\necho it broke\nexit 1\n")
    script.chmod(0o755)
    with pytest.raises(RuntimeError, match="the testbench failed:\nit broke"):
        with virtual_board(DESIGN, Model(script, "virtual_board", "none")):
            raise AssertionError("there is no board")


def test_a_board_that_is_unplugged_ends_the_command(model, asked):
    with virtual_board(DESIGN, model) as board:
        board.unplug(IN_THE_THIRD)
        code, out, err = asked(board.port)
        board.wait()
        assert not board.running
    assert (code, out) == (2, "")
    assert re.fullmatch(
        rf"error: port {board.port} must stay connected, it was lost \(.+\); plug the .*", error_in(err)
    )
    code, _, err = asked(board.port)
    assert code == 2 and f"error: port {board.port} must exist, it does not; " in err


def test_a_chip_of_another_bundle_is_refused(model, asked, tmp_path):
    other = random_bundle(VIRTUAL_DESIGN, 2)
    save(other, tmp_path / "other.engram")
    with virtual_board(DESIGN, model) as board:
        code, out, err = asked(board.port, bundle=tmp_path / "other.engram")
    assert (code, out) == (2, "")
    assert error_in(err) == (
        f"error: the chip must be built from bundle {other.digest[:16]}, got an answer of "
        f"{DESIGN.bundle.digest[:16]}; name the bundle that 'engram build' put beside the bitstream"
    )


def test_a_chip_whose_codes_are_not_in_its_flash_is_never_ready(model, asked):
    with virtual_board(dataclasses.replace(DESIGN, flash=b""), model) as board:
        code, out, err = asked(board.port)
    assert (code, out) == (2, "")
    assert error_in(err) == (
        "error: the chip must load its codes from flash, it is not ready after 1 s; write the whole "
        "bitstream file to the flash of the board, as 'engram load' does"
    )
