"""A person's programmer against the whole chip over its two pins, and against ports that do not answer."""

import numpy as np
import pytest

from hw.array.codes.code_image import code_bytes, flash_contents
from hw.chip import Chip
from hw.host import protocol
from hw.host.client import HostClient
from hw.host.driver import HostProgrammer
from hw.host.protocol import Cell, Written
from hw.payloads import Fault
from sw.errors import EngramError
from sw.reference import pipeline
from sw.reference.pulse import PulseRule, device_indices, stuck_devices, target_states, write_verify
from tests.helpers.bundles import random_bundle, random_levels, random_templates, tiny_design
from tests.helpers.flash import Flash
from tests.helpers.host import DIVISOR, Host, Script, over_the_wire

RULE = PulseRule(
    key=(4, 3, 2, 1),
    device_spread=90,
    cycle_spread=120,
    p_stuck_hrs=4_000,
    p_stuck_lrs=3_000,
    hrs_state=1,
    lrs_state=12,
    amplitude_step=30,
    max_pulses=10,
)
DESIGN = tiny_design(layers=(), height=2, width=3, classes=2, rows=4, cell_bits=4, adc_bits=6)
"""6 features in row tiles of 4 and 2, 2 templates."""
BUNDLE = random_bundle(DESIGN, 1, codes="random", pulse=RULE)
LONGER = random_bundle(DESIGN.with_(height=3, width=4, rows=8), 1, codes="random", pulse=RULE)
"""12 features, more than the array keeps injected faults of."""
TEMPLATES = random_templates(np.random.default_rng(5), DESIGN)
TARGETS = target_states(TEMPLATES, DESIGN, RULE)
EXPECTED = write_verify(
    BUNDLE.array.codes.astype(np.int64), TARGETS, device_indices(6, 2), RULE, DESIGN.max_code
)


def check_programmed(host: HostProgrammer) -> None:
    done: list[int] = []
    got = host.load_templates(TEMPLATES, done.append)
    assert got.codes.tolist() == EXPECTED.states.tolist()
    assert got.failed.tolist() == EXPECTED.failed.tolist()
    assert (got.sets, got.resets) == (EXPECTED.sets.sum(), EXPECTED.resets.sum())
    assert done == [1] * 12
    for line in range(2):
        assert host.read_codes(line).tolist() == EXPECTED.states[:, :, line].tolist()
    assert EXPECTED.failed.any() and not EXPECTED.failed.all()


def test_new_templates_are_programmed_and_classified_with():
    levels = random_levels(DESIGN, 1, seed=2)
    programmed = pipeline.run_levels(BUNDLE.with_array(codes=EXPECTED.states.astype(np.uint8)), levels)

    def talk(port):
        host = HostProgrammer(port, BUNDLE)
        check_programmed(host)
        answer = host.classify_levels(levels[0])
        assert answer.margin == programmed.margin[0] and answer.template == programmed.template[0]
        assert host.scores().tolist() == programmed.scores[0].tolist()

    over_the_wire(Chip(BUNDLE, DIVISOR), talk)


def test_codes_in_single_port_ram_are_programmed_when_they_are_there(monkeypatch):
    monkeypatch.setattr("hw.array.codes.flash.PAUSE_CYCLES", 16)
    dut = Chip(BUNDLE, DIVISOR, spram=True)
    flash = Flash(dut.flash)

    async def load(ctx):
        await Host(ctx, dut).send(protocol.codes_request(Cell(0, 0), 0))
        flash.contents = flash_contents(code_bytes(BUNDLE))
        while not ctx.get(dut.ready):
            await ctx.tick()

    def talk(port):
        assert port.read(1) == bytes([protocol.NOT_READY])
        check_programmed(HostProgrammer(port, BUNDLE))

    over_the_wire(dut, talk, before=load, processes=[flash.run])


def test_faults_are_injected_and_cleared_and_what_is_not_there_is_refused():
    def talk(port):
        host = HostProgrammer(port, LONGER)
        stuck = np.logical_or(*stuck_devices(device_indices(12, 2), RULE))
        device, row, line = (int(place) for place in np.argwhere(~stuck)[-1])
        assert host.set_fault(line, row, device, Fault.LRS)
        assert host.read_codes(line, row, 1)[device].item() == RULE.lrs_state
        held = host.write_cell(line, row, (3, 3))
        assert held.failed >> device & 1 and held.failures >= 1
        assert (held.code_0, held.code_1)[device] == RULE.lrs_state
        assert host.set_fault(line, row, device, Fault.CLEAR)
        freed = host.write_cell(line, row, (2, 2))
        assert freed.failures == held.failures + freed.failed.bit_count()
        assert (freed.code_0, freed.code_1)[device] != RULE.lrs_state
        taken = [host.set_fault(0, place, 0, Fault.HRS) for place in range(9)]
        assert taken == [True] * 8 + [False]
        for ask, message in (
            (lambda: host.write_cell(2, 0, (1, 1)), "match_line must be 0 to 1, got 2"),
            (lambda: host.write_cell(0, 12, (1, 1)), "row must be 0 to 11, got 12"),
            (lambda: host.write_cell(0, 0, (1, 16)), "a target must be 0 to 15, got 16"),
            (lambda: host.read_codes(0, 5, 8), "rows must be 0 to 7, got 8"),
            (lambda: host.set_fault(0, 0, 2, Fault.HRS), "device must be 0 to 1, got 2"),
            (lambda: host.set_fault(0, 0, 0, Fault.KEEP), "a fault must be HRS, LRS or CLEAR, got KEEP"),
        ):
            with pytest.raises(EngramError, match=message):
                ask()
        for request in (
            protocol.write_request(Cell(2, 0), (1, 1)),
            protocol.write_request(Cell(0, 12), (1, 1)),
            protocol.write_request(Cell(0, 0), (1, 16)),
            protocol.codes_request(Cell(0, 5), 8),
            protocol.codes_request(Cell(0, 1), 65_535),
            protocol.fault_request(Cell(0, 0), 2, 1),
            protocol.fault_request(Cell(0, 0), 0, 0),
            protocol.fault_request(Cell(0, 0), 0, 4),
        ):
            port.write(request)
            assert port.read(1) == bytes([protocol.UNKNOWN]), request
        assert host.read_codes(1, 11).shape == (2, 1)

    over_the_wire(Chip(LONGER, DIVISOR), talk)


def test_a_chip_without_a_pulse_rule_says_so_and_goes_on():
    plain = BUNDLE.with_array(pulse=None)

    def talk(port):
        with pytest.raises(EngramError, match="cannot program itself; build it from a bundle of 'engram"):
            HostProgrammer(port, plain)
        assert HostClient(port, plain).identify() == protocol.identity_of(plain)

    over_the_wire(Chip(plain, DIVISOR), talk)


def test_long_match_lines_are_read_in_runs(monkeypatch):
    monkeypatch.setattr("hw.host.driver.MOST_ROWS", 5)
    codes = bytes(range(20))
    runs = b"G" + codes[:10] + b"G" + codes[10:]
    port = Script(protocol.identity_of(LONGER).to_bytes() + b"G" + runs)
    host = HostProgrammer(port, LONGER)
    assert host.read_codes(1, 2, 10).tolist() == [list(codes[::2]), list(codes[1::2])]
    assert port.sent[2:] == [protocol.codes_request(Cell(1, row), 5) for row in (2, 7)]


def test_written_reads_what_the_chip_sends():
    written = Written.from_bytes(raw := b"W\x03\x04\x02\x05\x00\x06\x00\x07\x01")
    assert written == (87, 3, 4, 2, 5, 6, 263) and written.to_bytes() == raw
