"""``engram check accesses``: what a front end reads, writes and multiplies, by schedule and in the RTL."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sw.console import JsonOption, SeedOption, answer, messages, print_json, reports_errors, terminal

if TYPE_CHECKING:
    from rich.table import Table

    from sim.counting import Count
    from sw.bundle import Bundle

__all__ = ["check_accesses"]

IMAGES = 3
VARIANTS = ("streaming", "folded")


@reports_errors
def check_accesses(
    bundles: Annotated[
        list[str] | None,
        typer.Argument(metavar="[BUNDLE]...", help="Files or zoo:NAME; all of the zoo if left out."),
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Count every memory access and every step of both front ends in the RTL, against their schedules.

    These counts are what the front end's energy is worked out from. Counters stand beside every memory port
    and every multiplier array of the RTL under Verilator; images are noise, for no count depends on pixels.
    The exit code is 1 when a number differs, and the first one is named.
    """
    from sw.bundle import open_bundle, zoo_names

    names = bundles or [f"zoo:{name}" for name in zoo_names()]
    opened = [(name, open_bundle(name)) for name in names]
    rows: list[dict[str, Any]] = []
    with terminal.stage("front ends", len(opened) * len(VARIANTS)) as stage:
        for name, bundle in opened:
            for variant in VARIANTS:
                stage.note(f"{name}, {variant}")
                rows.append({"bundle": name, **_counted(bundle, variant, seed)})
                stage.done(1)
    if json:
        print_json({"front_ends": rows})
    else:
        answer.print(_table(rows))
    if wrong := [row for row in rows if row["first"]]:
        first = wrong[0]
        messages.print(
            f"{first['bundle']}, {first['variant']}: {first['first']}", soft_wrap=True, highlight=False
        )
        raise typer.Exit(1)


def _counted(bundle: "Bundle", variant: str, seed: int) -> dict[str, Any]:
    import numpy as np

    from hw.frontend.variant import sizes_in_words
    from hw.sizing.front_end_choice import Variant
    from sim.counting import count, counted_program
    from sim.images import front_end_of

    placed, sizes = front_end_of(bundle, Variant(variant))
    shape = (IMAGES, *placed.design.image_size.shape)
    images = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    counts = count(counted_program(placed, sizes), placed, sizes, images)
    wrong = [each for each in counts if each.got != each.expected]
    return {
        "variant": variant,
        "parallelism": sizes_in_words(sizes)[1],
        "counts": len(counts),
        "accesses": sum(each.got for each in counts if each.what.endswith(("reads", "writes"))),
        "differences": len(wrong),
        "first": _told(wrong[0]) if wrong else None,
    }


def _told(count: "Count") -> str:
    return f"{count.unit}: {count.what} per image, expected {count.expected:,}, got {count.got:,}"


def _table(rows: list[dict[str, Any]]) -> "Table":
    from rich.table import Table

    table = Table()
    for heading in ("bundle", "front end", "sizes"):
        table.add_column(heading)
    for heading in ("counters", "accesses per image", "different"):
        table.add_column(heading, justify="right")
    for row in rows:
        numbers = (str(row["counts"]), f"{row['accesses']:,}", str(row["differences"]))
        table.add_row(row["bundle"], row["variant"], ", ".join(row["parallelism"]), *numbers)
    return table
