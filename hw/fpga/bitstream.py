"""Bitstream: a classifier synthesised, placed, routed and packed for a board, with a report of it all."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from constraints.boards import Board
from hw.array.codes.code_image import code_bytes, flash_file
from hw.families.known import known
from hw.fpga.clock import uart_divisor
from hw.fpga.report import BuildReport, speed_of
from hw.fpga.seeds import place_fastest
from hw.fpga.toolchain import Toolchain, require_tools
from hw.fpga.top import Top
from hw.fpga.trial import try_board
from hw.frontend.variant import Sizes
from hw.rtlil import to_rtlil
from hw.sizing.estimate import estimate
from hw.sizing.fit import check_netlist, check_plan, codes_in_spram, netlist_usage, planned_memories
from sw.bundle import Bundle, save
from sw.errors import WriteError
from sw.files import check_target, move_atomically, write_atomically, writing
from sw.progress import SILENT, Listener

__all__ = ["build_bitstream"]


def build_bitstream(
    bundle: Bundle,
    board: Board,
    folder: Path,
    *,
    name: str,
    seeds: Sequence[int] = (1,),
    baud: int = 1_000_000,
    parallelism: Sizes | None = None,
    listener: Listener = SILENT,
) -> BuildReport:
    """Synthesise, place, route and pack.

    Writes ``<name>-<board>.bin`` or ``.bit``, the bundle inside with its lanes as ``.engram``, and
    ``report.json`` when everything is done; keeps logs and intermediate files in ``<name>-<board>.work``.
    With codes in single-port RAM, see :func:`hw.sizing.fit.codes_in_spram`, their image is part of the
    ``.bin``.

    Parameters
    ----------
    bundle, board
        What goes where.
    folder
        Made if missing.
    name
        Of the classifier, in file names and the report.
    seeds
        Of place and route, one or more; the fastest layout is kept.
    baud
        UART speed in bit/s.
    parallelism
        Sizes of the front end; None leaves it out.
    listener
        Hears of every step.

    Raises
    ------
    EngramError
        If the bundle does not fit the board (before the slow steps where it can be known), if `baud` cannot
        be made, if the board lacks what its file says, or if a tool fails.
    """
    check_plan(bundle, board, parallelism)
    uart_divisor(board.clock.core_mhz, baud)
    require_tools(board)  # before there is a folder
    family, spram = known(board.family), codes_in_spram(bundle, board, parallelism)
    listener.say(f"building {name} for {board.title}, in {folder}")
    stem = f"{name}-{board.name}"
    bitstream = folder / f"{stem}{family.suffix}"
    contents, report_file = folder / f"{stem}.engram", folder / "report.json"
    for path in (bitstream, contents, report_file):
        check_target(path)
    with _work_folder(folder / f"{stem}.work") as work:
        try_board(board, work / "board", listener)
        tools = Toolchain(board, work, listener)
        with tools.step("elaboration"):
            _elaborate(bundle, board, baud, parallelism, work, spram=spram)
        usage = netlist_usage(tools.synthesise(), board.family)
        check_netlist(bundle, board, usage, parallelism)
        seed, placed, fmax_by_seed = place_fastest(tools, board, work, seeds, usage.luts)
        packed = tools.pack()
        if spram:
            write_atomically(packed, flash_file(packed.read_bytes(), code_bytes(bundle)))
        report = BuildReport(
            bundle_name=name,
            digest=bundle.digest,
            board=board,
            luts=placed.used.get(family.resources["luts"], 0),
            usage=usage,
            memories=planned_memories(bundle, board.family, parallelism, spram=spram),
            expected=estimate(bundle, parallelism, board.family, spram=spram),
            fmax_mhz=placed.fmax_mhz,
            fmax_by_seed=fmax_by_seed,
            critical_path=placed.critical_path,
            speed=speed_of(bundle, parallelism, board.clock.core_mhz, baud),
            parallelism=parallelism,
            baud=baud,
            seed=seed,
            seconds=tools.seconds,
            bitstream=str(bitstream),
            files=(str(bitstream), str(contents), str(report_file)),
        )
        # The report comes last: where there is one, what it describes is whole.
        with writing(report_file):
            report_file.unlink(missing_ok=True)
        move_atomically(packed, bitstream)
        save(bundle, contents)
        write_atomically(report_file, json.dumps(report.to_json(), indent=2).encode() + b"\n")
    return report


@contextmanager
def _work_folder(work: Path) -> Iterator[Path]:
    """The empty folder `work`; kept with its logs after success and failure, not after Ctrl-C or for want of
    room, which it only takes."""
    try:
        if work.exists():
            shutil.rmtree(work)
        work.mkdir(parents=True)
    except OSError as error:
        raise WriteError(
            f"cannot make the folder {work}: {error.strerror}; choose another place with -o"
        ) from None
    try:
        yield work
    except (KeyboardInterrupt, WriteError):
        shutil.rmtree(work, ignore_errors=True)
        raise


def _elaborate(
    bundle: Bundle, board: Board, baud: int, parallelism: Sizes | None, work: Path, *, spram: bool
) -> None:
    """Netlist in RTLIL, which Yosys reads as it is, and the constraint file."""
    top = Top(bundle, board, baud, parallelism, spram=spram)
    family = known(board.family)
    write_atomically(work / "top.il", to_rtlil(top, "top").encode())
    constraints = work / f"top.{family.constraint_kind}"
    write_atomically(constraints, family.constraints(board, top.pins).encode())
