"""``engram boards``: every known board, its part, and which bundles fit it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from sw.console import JsonOption, answer, messages, print_json, reports_errors, terminal

if TYPE_CHECKING:
    from constraints.boards import Board
    from hw.boards.catalogue import Entry
    from sw.bundle import Bundle

__all__ = ["boards"]


@reports_errors
def boards(
    fits: Annotated[
        str | None,
        typer.Option("--fits", metavar="BUNDLE", help="Only boards that this one fits: a file or zoo:NAME."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show all known boards: part, capacities, tools, UART, and which bundles of the zoo fit.

    A bundle fits where the estimate of some front end does, as 'engram build' chooses it; that takes a minute
    the first time and is kept. '--board' takes any of the names, and platforms and files of your own too.
    """
    from hw.boards.catalogue import catalogue
    from hw.families.known import known
    from hw.fpga.handover import foreign_boards
    from sw.bundle import open_bundle, zoo_names

    with terminal.waiting("reading the descriptions of boards"):
        entries = list(catalogue())
    there = [entry for entry in entries if entry.board]
    asked = [fits] if fits is not None else [f"zoo:{name}" for name in zoo_names()]
    answers = _answers([entry.board for entry in there if entry.board], [open_bundle(one) for one in asked])
    columns = {name.removeprefix("zoo:"): found for name, found in zip(asked, answers, strict=True)}
    rows = []
    for number, entry in enumerate(there):
        fitting = {name: found[number] for name, found in columns.items()}
        if entry.board and (fits is None or any(fitting.values())):
            toolchain = known(entry.board.family).nextpnr
            rows.append(_row(entry, entry.board, toolchain, fitting))
    refused = {entry.name: entry.reason for entry in entries if not entry.board}
    if json:
        whole = fits is None
        others = {"refused": refused if whole else {}, "foreign": foreign_boards() if whole else []}
        print_json({"boards": rows, **others})
        return
    answer.print(_table(rows, list(columns)))
    if fits is None:
        there_too = ", ".join(f"{each['name']} ({each['toolchain']})" for each in foreign_boards())
        messages.print(
            f"'engram build' writes sources, script and constraints for the tools of: {there_too}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    for reason in refused.values() if fits is None else ():
        messages.print(reason, markup=False, highlight=False, soft_wrap=True)


def _answers(boards: "Sequence[Board]", bundles: "Sequence[Bundle]") -> list[list[bool]]:
    """Whether each bundle fits each board, in this order; what was found earlier is kept."""
    from hw.sizing.front_end_choice import boards_that_hold
    from sw.cache import Store
    from sw.sources import code_of

    store, code = Store(), code_of(boards_that_hold)
    parts = [[board.family, board.limits.model_dump(), board.flash is None] for board in boards]
    found = []
    with terminal.stage("bundles", len(bundles)) as stage:
        for bundle in bundles:
            key = {"code": code, "bundle": bundle.digest, "parts": parts}
            kept = store.get("fpga", key)
            if kept is None:
                stage.note(bundle.design.name)
                kept = boards_that_hold(bundle, boards)
                store.put("fpga", key, kept)
            found.append(kept)
            stage.done(1)
    return found


def _row(entry: "Entry", board: "Board", toolchain: str, fitting: dict[str, bool]) -> dict[str, Any]:
    return {
        "name": entry.name,
        "platform": entry.platform,
        "part": board.device,
        "family": board.family,
        "toolchain": toolchain,
        "uart": None if entry.uart else f"{board.uart.rx},{board.uart.tx}",
        "uart_example": entry.uart,
        "luts": board.limits.luts,
        "ffs": board.limits.ffs,
        "block_rams": board.limits.block_rams,
        "block_ram_kbit": board.limits.block_ram_kbit,
        "sprams": board.limits.sprams,
        "dsps": board.limits.dsps,
        "core_mhz": board.clock.core_mhz,
        "fits": fitting,
    }


def _table(rows: list[dict[str, Any]], names: list[str]) -> Table:
    table = Table()
    table.add_column("board", no_wrap=True)
    table.add_column("part", no_wrap=True)
    for heading in ("LUTs", "block RAM", "MHz"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("UART", no_wrap=True)
    table.add_column("fits")
    for row in rows:
        block_rams = f"{row['block_rams']} x {row['block_ram_kbit']}k"
        if row["sprams"]:
            block_rams += f" + {row['sprams']} x 256k"
        uart = row["uart"] or f"--uart {row['uart_example']}"
        fitting = [name for name in names if row["fits"][name]]
        fitted = "all" if fitting == names and names[1:] else ", ".join(fitting) or "none"
        numbers = (f"{row['luts']:,}", block_rams, f"{row['core_mhz']:g}")
        table.add_row(row["name"], row["part"], *numbers, uart, fitted)
    return table
