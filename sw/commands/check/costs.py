"""``engram check costs``: the cost model of every macro beside what its chip measured."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from sw.console import JsonOption, answer, print_json, reports_errors, terminal

if TYPE_CHECKING:
    from rich.table import Table

    from sw.energy.macros.compare import Figure

__all__ = ["check_costs"]


@reports_errors
def check_costs(
    macro: Annotated[
        list[str] | None,
        typer.Option(
            help="Macro or file of one, may be repeated; all macros if left out.", metavar="NAME|FILE"
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Hold modelled energy, area and time of macros against the published figures of their chips.

    The model is evaluated at the size and the bits at which a figure was measured. A figure that a constant
    of the macro was chosen by is marked as fitted: it shows what the model was given, and proves nothing.
    """
    from sw.energy.macros.compare import compared
    from sw.energy.macros.macro import MACROS, macro_named

    macros = [macro_named(name) for name in dict.fromkeys(macro or MACROS)]
    found = [figure for each in macros for figure in compared(each)]
    if json:
        rows = [asdict(each) | {"ratio": each.ratio} for each in found]
        print_json({"figures": rows})
    else:
        answer.print(_table(found))
    for each in macros:
        if not each.measured:
            terminal.say(f"{each.name}: nothing to compare; figures of its chip go under [[measured]]")
        for lack in each.lacks:
            terminal.say(f"{each.name}: {lack}")


def _table(found: "list[Figure]") -> "Table":
    from rich.table import Table

    table = Table(title="modelled costs beside published ones")
    for heading in ("macro", "figure"):
        table.add_column(heading, no_wrap=True)
    for heading in ("published", "modelled", "ratio"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for each in found:
        table.add_row(
            each.macro,
            each.figure,
            f"{each.published:.4g} {each.unit}",
            f"{each.modelled:.4g} {each.unit}",
            f"{each.ratio:.2f}",
            "fitted" if each.fitted else "predicted",
        )
    return table
