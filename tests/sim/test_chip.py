"""The whole chip over its UART pins under Verilator, as a host client talks to it."""

from pathlib import Path

import pytest

from hw.chip import Chip
from hw.host.client import HostClient, NoAnswer, Request, exchange
from hw.host.protocol import UNKNOWN, identity_of
from sim.chip import ChipPort, chip_port
from sim.models.runner import Model, ModelSource, build_model, to_verilog
from sw.reference.pipeline import run_levels
from tests.helpers.bundles import random_bundle, random_levels, tiny_design

DESIGN, DIVISOR = tiny_design(margin=2), 5
BUNDLE = random_bundle(DESIGN, 3)


@pytest.fixture(scope="module")
def model(models: Path) -> Model:
    verilog = to_verilog(Chip(BUNDLE, divisor=DIVISOR), "chip")
    return build_model(ModelSource(top="chip", verilog=verilog, public=("clk", "rst", "rx", "tx")))


def test_images_are_answered_as_by_the_reference(model: Model) -> None:
    levels = random_levels(DESIGN, 4, 4)
    expected = run_levels(BUNDLE, levels)
    assert expected.accepted.any() and not expected.accepted.all()
    with chip_port(model, DIVISOR) as port:
        host = HostClient(port, BUNDLE)
        assert host.identify() == identity_of(BUNDLE)
        assert exchange(port, Request(b"x", 1)) == bytes([UNKNOWN])
        for number, image in enumerate(levels):
            wanted = (getattr(expected, name)[number] for name in ("accepted", "label", "template", "margin"))
            answer = host.classify_levels(image)
            assert answer == tuple(wanted)
            assert exchange(port, Request(b"R", 9)) == answer.to_bytes()
            assert host.scores().tolist() == expected.scores[number].tolist()


def test_what_does_not_come_is_said_and_what_nobody_reads_too(model: Model) -> None:
    with chip_port(model, DIVISOR, patience_cycles=2_000) as port, pytest.raises(NoAnswer) as failure:
        exchange(port, Request(b"x", 3))
    assert failure.value.came == bytes([UNKNOWN])
    with pytest.raises(RuntimeError, match="the chip sent 2 bytes that nobody asked for"):
        with chip_port(model, DIVISOR) as port:
            assert exchange(port, Request(b"xxx", 1)) == bytes([UNKNOWN])


def test_time_passes_only_while_the_chip_is_asked(model: Model) -> None:
    """Two bytes that follow each other are answered, whatever the host does in between."""
    with chip_port(model, DIVISOR, patience_cycles=2_000) as port:
        port.write(b"x")
        port.wait(1_000_000)
        assert port.read(1) == bytes([UNKNOWN])


def test_a_simulation_that_ends_early_shows_its_log(tmp_path: Path) -> None:
    script = tmp_path / "model"
    script.write_text("#!/bin/sh\necho it broke\nexit 1\n")
    script.chmod(0o755)
    with pytest.raises(RuntimeError, match="the testbench failed:\nit broke"):
        with chip_port(Model(script, "top", "none"), DIVISOR) as port:
            wait_for_the_end(port)


def wait_for_the_end(port: ChipPort) -> None:
    port.write(b"I")
    port.read(1)
