"""A person's programmer against the whole chip over its two pins, and against ports that do not answer."""

import queue
import threading

import numpy as np
import pytest

from hw.array.codes.code_image import code_bytes, flash_contents
from hw.chip import Chip
from hw.host import protocol
from hw.host.driver import HostProgrammer
from hw.host.protocol import Cell, Opcode, Written
from hw.payloads import Fault
from sw.errors import EngramError
from sw.reference import pipeline
from sw.reference.pulse import PulseRule, device_indices, stuck_devices, target_states, write_verify
from tests.helpers.bundles import random_bundle, random_levels, random_templates, tiny_design
from tests.helpers.flash import Flash
from tests.helpers.host import DIVISOR, Host
from tests.helpers.rtl import Bench

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
DESIGN = tiny_design(layers=(), height=3, width=4, classes=2, rows=8, cell_bits=4, adc_bits=6)
"""12 features in row tiles of 8 and 4, 2 templates."""
BUNDLE = random_bundle(DESIGN, 1, codes="random", pulse=RULE)
TEMPLATES = random_templates(np.random.default_rng(5), DESIGN)
TARGETS = target_states(TEMPLATES, DESIGN, RULE)
EXPECTED = write_verify(
    BUNDLE.array.codes.astype(np.int64), TARGETS, device_indices(12, 2), RULE, DESIGN.max_code
)


class Wire:
    """A serial port whose other end is a chip in the simulator: it runs while somebody reads or writes."""

    def __init__(self, chip: Chip):
        self._chip = chip
        self._asked, self._came = queue.Queue(), queue.Queue()
        self._waiting = b""

    def write(self, data: bytes) -> None:
        self._asked.put(data)

    def read(self, size: int) -> bytes:
        self._asked.put(size)
        return self._came.get(timeout=60)

    def close(self) -> None:
        self._asked.put(None)

    async def serve(self, ctx) -> None:
        while (what := self._asked.get(timeout=60)) is not None:
            if isinstance(what, bytes):
                await Host(ctx, self._chip).send(what)
                continue
            while len(self._waiting) < what:
                await ctx.tick()
            self._came.put(self._waiting[:what])
            self._waiting = self._waiting[what:]

    async def listen(self, ctx) -> None:
        """What the chip sends may come while it is being asked."""
        while True:
            came = await Host(ctx, self._chip).receive(1)
            self._waiting += came


def over_the_wire(dut: Chip, talk, *, before=None, processes=()) -> None:
    """Run `talk(port)` in a thread against the chip."""
    wire, bench, failures = Wire(dut), Bench(dut, budget=400_000), []

    def person():
        try:
            talk(wire)
        except BaseException as failure:
            failures.append(failure)
        finally:
            wire.close()

    async def serve(ctx):
        if before:
            await before(ctx)
        thread = threading.Thread(target=person)
        thread.start()
        await wire.serve(ctx)
        thread.join()

    bench.testbench(serve)
    for process in (wire.listen, *processes):
        bench.background(process)
    bench.run()
    if failures:
        raise failures[0]


def check_programmed(host: HostProgrammer) -> None:
    done = []
    got = host.load_templates(TEMPLATES, done.append)
    assert got.codes.tolist() == EXPECTED.states.tolist()
    assert got.failed.tolist() == EXPECTED.failed.tolist()
    assert (got.sets, got.resets) == (EXPECTED.sets.sum(), EXPECTED.resets.sum())
    assert done == list(range(1, 25))
    for line in range(2):
        assert host.read_codes(line).tolist() == EXPECTED.states[:, :, line].tolist()
    assert EXPECTED.failed.any() and not EXPECTED.failed.all()


def test_new_templates_are_programmed_and_classified_with():
    levels = random_levels(DESIGN, 1, seed=2)
    programmed = pipeline.run_levels(BUNDLE.with_array(codes=EXPECTED.states.astype(np.uint8)), levels)

    def talk(port):
        host = HostProgrammer(port, BUNDLE, with_front_end=False)
        check_programmed(host)
        port.write(protocol.load_request(levels[0], DESIGN))
        assert port.read(1) == bytes([Opcode.LOAD])
        port.write(bytes([Opcode.CLASSIFY]))
        answer = protocol.Answer.from_bytes(port.read(protocol.ANSWER_BYTES))
        assert answer.margin == programmed.margin[0] and answer.template == programmed.template[0]
        port.write(bytes([Opcode.SCORES]))
        scores = protocol.parse_scores(port.read(2 * protocol.SCORE_BYTES))
        assert scores == programmed.scores[0].tolist()

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
        check_programmed(HostProgrammer(port, BUNDLE, with_front_end=False))

    over_the_wire(dut, talk, before=load, processes=[flash.run])


def test_faults_are_injected_and_cleared_and_what_is_not_there_is_refused():
    def talk(port):
        host = HostProgrammer(port, BUNDLE, with_front_end=False)
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
            (lambda: host.set_index(1), "must have read noise to count images, got a bundle without"),
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

    over_the_wire(Chip(BUNDLE, DIVISOR), talk)


def test_a_chip_without_a_pulse_rule_says_so_and_goes_on():
    plain = BUNDLE.with_array(pulse=None)

    def talk(port):
        with pytest.raises(EngramError, match="cannot program itself; build it from a bundle of 'engram"):
            HostProgrammer(port, plain, with_front_end=False)
        port.write(bytes([Opcode.IDENTIFY]))
        identity = protocol.Identity.from_bytes(port.read(protocol.IDENTITY_BYTES))
        assert identity == protocol.identity_of(plain)

    over_the_wire(Chip(plain, DIVISOR), talk)


class Script:
    """A port that gives prepared answers."""

    def __init__(self, answers: bytes):
        self._answers = answers
        self.sent: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def read(self, size: int) -> bytes:
        came, self._answers = self._answers[:size], self._answers[size:]
        return came


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (b"ENGR", "the chip must answer 26 bytes, got 4; check port and speed, or it may be inside"),
        (
            protocol.identity_of(BUNDLE.with_array(pulse=None)).to_bytes(),
            f"the chip must be built from bundle {BUNDLE.digest[:16]}, got an answer of ",
        ),
        (protocol.identity_of(BUNDLE).to_bytes() + b"!", "the chip must have its codes before"),
        (
            protocol.identity_of(BUNDLE).to_bytes() + b"Z",
            "must answer with 0x47, got 0x5a; it may be inside an unf",
        ),
    ],
)
def test_wrong_answers_are_one_line(answers, message):
    with pytest.raises(EngramError, match=message):
        HostProgrammer(Script(answers), BUNDLE, with_front_end=False)


def test_long_match_lines_are_read_in_runs(monkeypatch):
    monkeypatch.setattr("hw.host.driver.MOST_ROWS", 5)
    codes = bytes(range(20))
    runs = b"G" + codes[:10] + b"G" + codes[10:]
    port = Script(protocol.identity_of(BUNDLE).to_bytes() + b"G" + runs)
    host = HostProgrammer(port, BUNDLE, with_front_end=False)
    assert host.read_codes(1, 2, 10).tolist() == [list(codes[::2]), list(codes[1::2])]
    assert port.sent[2:] == [protocol.codes_request(Cell(1, row), 5) for row in (2, 7)]


def test_the_index_of_the_next_image_is_set():
    bundle = random_bundle(DESIGN, 1, codes="random", noise=True, pulse=RULE)
    port = Script(protocol.identity_of(bundle).to_bytes() + b"GN")
    host = HostProgrammer(port, bundle, with_front_end=False)
    host.set_index(70_000)
    assert port.sent[2:] == [protocol.index_request(70_000)]
    with pytest.raises(EngramError, match=r"the index of an image must be 0 to 4294967295, got 4294967296"):
        host.set_index(2**32)


def test_written_reads_what_the_chip_sends():
    written = Written.from_bytes(raw := b"W\x03\x04\x02\x05\x00\x06\x00\x07\x01")
    assert written == (87, 3, 4, 2, 5, 6, 263) and written.to_bytes() == raw
