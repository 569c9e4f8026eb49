"""Images through synthesised boards, and our own models of the cells that Yosys has black boxes of."""

from pathlib import Path

import numpy as np
import pytest
from amaranth.hdl import Module, unsigned
from amaranth.lib import memory
from amaranth.lib.wiring import Component, In, Out

from hw.array.codes.code_image import flash_contents
from hw.boards import known as boards
from hw.fpga.toolchain import Toolchain
from hw.frontend.schedule import Parallelism
from hw.host import protocol
from hw.rtlil import to_rtlil
from hw.sizing.fit import netlist_usage, planned_block_rams
from sim.job import run_testbench
from sim.models.runner import ModelSource, build_model
from sim.netlist import run as netlist
from sim.netlist.model import cell_models
from sim.netlist.run import verify_netlist
from sim.netlist.trial_write import trial_write
from sw.design import DesignPoint, Layer
from sw.reference import pipeline
from sw.reference.pulse import PulseRule
from tests.helpers.bundles import random_bundle, random_images

IMAGES = 3
CNN = DesignPoint(
    name="least",
    height=4,
    width=4,
    classes=2,
    layers=(
        Layer(kind="conv3x3", out_channels=2, stride=2, activation_bits=1),
        Layer(kind="pointwise1x1", out_channels=2),
    ),
    rows=5,
    row_lanes=2,
    cell_bits=2,
    adc_bits=3,
    cols_per_adc=1,
    margin=1,
)
"""Two layers, two row tiles, and ADCs, for which synthesis takes a multiplier."""
PARALLELISM = (Parallelism(), Parallelism())
PLAIN = random_bundle(CNN, seed=1, codes="random")
RULE = PulseRule(key=(3, 1, 4, 1), device_spread=90, cycle_spread=120, lrs_state=3, max_pulses=9)
PROGRAMMABLE = random_bundle(CNN, seed=1, codes="random", pulse=RULE)
NOISY = random_bundle(CNN, seed=4, codes="random", noise=True, inl=True)


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    """A cache of this run's own, shared by its workers, so everything is compiled at least once."""
    base = tmp_path_factory.getbasetemp()
    cache = (base.parent if base.name.startswith("popen-") else base) / "engram-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENGRAM_CACHE", str(cache))
        yield cache


def icebreaker_without_room_for_codes(bundle):
    """One block RAM less than a chip of CNN has memories, so its codes go into single-port RAM."""
    icebreaker = boards.load("icebreaker")
    needed = planned_block_rams(bundle, "ice40", PARALLELISM)
    limits = icebreaker.limits.model_copy(update={"block_rams": needed - 1})
    return icebreaker.model_copy(update={"limits": limits})


ICEBREAKER_CELLS = {"SB_RAM40_4K", "SB_SPRAM256KA", "SB_MAC16", "SB_PLL40_PAD"}


@pytest.mark.parametrize(
    ("board", "bundle", "wanted"),
    [
        (icebreaker_without_room_for_codes(PROGRAMMABLE), PROGRAMMABLE, ICEBREAKER_CELLS),
        (boards.load("ulx3s-12f"), NOISY, {"DP16KD", "MULT18X18D", "EHXPLLL"}),
        (boards.load("tang_nano_9k"), PROGRAMMABLE, {"DPX9B", "ALU", "rPLL", "IBUF"}),
    ],
    ids=["icebreaker with flash and programmer", "ulx3s-12f with read noise", "tang_nano_9k with programmer"],
)
def test_no_mismatch(board, bundle, wanted):
    images = random_images(CNN, IMAGES, seed=2)
    done = []
    report = verify_netlist(bundle, board, images, PARALLELISM, done=done.append)
    assert report.first is None
    assert report.wrong.tolist() == [False] * IMAGES
    programmed = trial_write(bundle).programmed if bundle.array.pulse else bundle
    assert report.labels.tolist() == pipeline.run(programmed, images).label.tolist()
    assert wanted <= set(report.cells)
    assert done == [1] * IMAGES


def test_codes_of_another_chip_never_make_it_ready(monkeypatch):
    monkeypatch.setattr(netlist, "flash_contents", lambda codes: flash_contents(codes[::-1]))
    images = random_images(CNN, 1, seed=2)
    board = icebreaker_without_room_for_codes(PROGRAMMABLE)
    report = verify_netlist(PROGRAMMABLE, board, images, PARALLELISM)
    assert report.wrong.all()
    assert report.first.stage == "identity"
    assert report.labels.tolist() == [netlist.ABSENT]


def test_a_netlist_that_gives_something_else_is_found(monkeypatch):
    """The netlist gets other images than the reference, so its identity is right and its scores are not."""
    bundle = NOISY
    images = random_images(CNN, IMAGES, seed=2)
    expected = pipeline.run(bundle, images)
    monkeypatch.setattr(netlist, "run", lambda *_: expected)
    report = verify_netlist(bundle, boards.load("ulx3s-12f"), images[:, ::-1], PARALLELISM)
    got = pipeline.run(bundle, images[:, ::-1])
    assert report.wrong.tolist() == (got.scores != expected.scores).any(axis=1).tolist()
    assert report.first.stage == "scores"
    assert report.labels.tolist() == got.label.tolist()


def test_trial_write_moves_both_devices_and_changes_nothing_else():
    trial = trial_write(PROGRAMMABLE)
    moved = trial.programmed.array.codes != PROGRAMMABLE.array.codes
    assert np.argwhere(moved).tolist() == [[0, 0, 0], [1, 0, 0]]
    written = protocol.Written.from_bytes(trial.answers[0])
    assert written.sets + written.resets >= 2
    assert [trial.answers[0][1:3], trial.answers[1][1:3]] == [
        trial.programmed.array.codes[:, 0, 0].tobytes()
    ] * 2


def answers_of(bundle, trace):
    """What a right chip says about every image of a trace."""
    said = [protocol.identity_of(bundle, with_front_end=True).to_bytes()]
    for image in range(len(trace.label)):
        fields = (trace.accepted, trace.label, trace.template, trace.margin)
        said.append(protocol.Answer(*(int(field[image]) for field in fields)).to_bytes())
        said.append(b"".join(int(score).to_bytes(4, "little") for score in trace.scores[image]))
    return said


@pytest.mark.parametrize(
    ("name", "change", "wrong", "stage"),
    [
        ("nothing", lambda said: said, [], None),
        ("a score", lambda said: [*said[:4], b"\xff" + said[4][1:], *said[5:]], [1], "scores"),
        (
            "accepted",
            lambda said: [*said[:3], bytes([said[3][0] ^ 1]) + said[3][1:], *said[4:]],
            [1],
            "accepted",
        ),
        ("a label", lambda said: [*said[:5], said[5][:1] + b"\x77" + said[5][2:], said[6]], [2], "label"),
        ("silence", lambda said: said[:3], [1, 2], "scores"),
        ("half an answer", lambda said: [*said[:5], said[5][:4]], [2], "scores"),
        ("identity", lambda said: [b"ENGR", *said[1:]], [0, 1, 2], "identity"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_found(name, change, wrong, stage):
    bundle = random_bundle(CNN, seed=1, codes="random")
    trace = pipeline.run(bundle, random_images(CNN, IMAGES, seed=2))
    said = answers_of(bundle, trace)
    report = netlist._report([("identity", said[0])], trace, change(said), 2, {})
    assert np.flatnonzero(report.wrong).tolist() == wrong
    assert (report.first and report.first.stage) == stage


def test_what_is_wrong_before_the_images_counts_against_all_of_them():
    trace = pipeline.run(PLAIN, random_images(CNN, IMAGES, seed=2))
    said = answers_of(PLAIN, trace)
    before = [("identity", said[0]), ("write", b"W1"), ("codes", b"G12")]
    for came, stage in (((said[0], b"W1", b"G12"), None), ((said[0], b"W2", b"G2"), "write")):
        report = netlist._report(before, trace, [*came, *said[1:]], 2, {})
        assert report.wrong.tolist() == [stage is not None] * IMAGES
        assert (report.first and report.first.stage) == stage
    report = netlist._report(before, trace, said[:1], 2, {})
    assert report.wrong.all() and report.first.stage == "write"


SHAPES = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
"""Depth and width of one block RAM in each of its widths, on ECP5 and Gowin."""
CYCLES = 400
PLACES = 8
"""Few addresses are in use, so that what was written is read, and read while it is written."""


class Cells(Component):
    """One memory of each width with contents, and products of each signedness."""

    def __init__(self, contents, factor_bits):
        self._contents = contents
        factor, product = In(factor_bits), Out(2 * factor_bits)
        ports = {"a": factor, "b": factor, "signed_product": product, "unsigned_product": product}
        for depth, width in SHAPES:
            for port, bits in (("w_addr", depth.bit_length() - 1), ("r_addr", depth.bit_length() - 1)):
                ports[f"{port}_{width}"] = In(bits)
            ports |= {f"w_en_{width}": In(1), f"r_en_{width}": In(1), f"w_data_{width}": In(width)}
            ports[f"r_data_{width}"] = Out(width)
        super().__init__(ports)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [
            self.signed_product.eq(self.a.as_signed() * self.b.as_signed()),
            self.unsigned_product.eq(self.a * self.b),
        ]
        for depth, width in SHAPES:
            ram = memory.Memory(
                shape=unsigned(width), depth=depth, init=self._contents[width], attrs={"ram_style": "block"}
            )
            m.submodules[f"ram_{width}"] = ram
            write, read = ram.write_port(), ram.read_port()
            m.d.comb += [
                write.addr.eq(getattr(self, f"w_addr_{width}")),
                write.en.eq(getattr(self, f"w_en_{width}")),
                write.data.eq(getattr(self, f"w_data_{width}")),
                read.addr.eq(getattr(self, f"r_addr_{width}")),
                read.en.eq(getattr(self, f"r_en_{width}")),
                getattr(self, f"r_data_{width}").eq(read.data),
            ]
        return m


@pytest.mark.parametrize(
    ("board", "width_parameters", "multipliers"),
    [("ulx3s-12f", ("DATA_WIDTH_B",), 2), ("tang_nano_9k", ("BIT_WIDTH", "BIT_WIDTH_1"), 0)],
)
def test_own_models_do_what_yosys_expects_of_the_cells(tmp_path: Path, board, width_parameters, multipliers):
    """Yosys' mapping knows the cells' layout from the vendor; memories and products must come back whole."""
    rng = np.random.default_rng(1)
    contents = {width: rng.integers(0, 2**width, depth).tolist() for depth, width in SHAPES}
    # Products in logic have no cells of their own, and wide ones would take longer than all else.
    factor_bits = 18 if multipliers else 4
    inputs = {name: rng.integers(0, 2**factor_bits, CYCLES) for name in ("a", "b")}
    for depth, width in SHAPES:
        places = rng.integers(0, depth, PLACES)
        inputs[f"w_addr_{width}"] = rng.choice(places, CYCLES)
        inputs[f"r_addr_{width}"] = rng.choice(places, CYCLES)
        inputs[f"w_en_{width}"] = rng.integers(0, 2, CYCLES)
        inputs[f"r_en_{width}"] = rng.integers(0, 4, CYCLES) > 0
        inputs[f"w_data_{width}"] = rng.integers(0, 2**width, CYCLES)

    top = Cells(contents, factor_bits)
    (tmp_path / "top.il").write_text(to_rtlil(top, "top"))
    target = boards.load(board)
    tools = Toolchain(target, tmp_path)
    usage = netlist_usage(tools.synthesise(), target.family)
    assert (usage.block_rams, usage.dsps) == (len(SHAPES), multipliers)
    text = tools.write_netlist().read_text()
    widths = {
        width for _, width in SHAPES if any(f".{name}(32'd{width})" in text for name in width_parameters)
    }
    assert widths == {width for _, width in SHAPES}
    names = ("clk", "rst", *inputs, "signed_product", "unsigned_product")
    names += tuple(f"r_data_{width}" for _, width in SHAPES)
    model = build_model(
        ModelSource(top="top", verilog=f"{cell_models(target.family)}\n{text}", public=names, brief=True)
    )
    job = {f"in.{name}": np.asarray(values, np.int64) for name, values in inputs.items()}
    job |= {f"out.{name}": np.array(0) for name in names if name not in inputs and name not in ("clk", "rst")}
    (got,) = run_testbench(model, "tests.helpers.cells_bench", [job])

    a, b = inputs["a"], inputs["b"]
    assert got["unsigned_product"].tolist() == (a * b).tolist()
    signed_a, signed_b = (values - (values >> factor_bits - 1 << factor_bits) for values in (a, b))
    assert got["signed_product"].tolist() == (signed_a * signed_b % 4**factor_bits).tolist()
    for _, width in SHAPES:
        assert got[f"r_data_{width}"].tolist() == reads_of(contents[width], inputs, width), width


def reads_of(contents, inputs, width):
    """Read data after each cycle; a read gives what was there before the cycle's write."""
    held, reads, last = list(contents), [], 0
    for cycle in range(CYCLES):
        if inputs[f"r_en_{width}"][cycle]:
            last = held[inputs[f"r_addr_{width}"][cycle]]
        reads.append(int(last))
        if inputs[f"w_en_{width}"][cycle]:
            held[inputs[f"w_addr_{width}"][cycle]] = int(inputs[f"w_data_{width}"][cycle])
    return reads
