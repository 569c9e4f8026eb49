"""``engram cache``: what is kept between commands, how large it is, and how it goes away."""

import time
from typing import Annotated

import typer
from rich.table import Table

from sw.cache.kept import KINDS, Entry, Kind, clear, entries, limit_bytes
from sw.console import JsonOption, answer, messages, print_json, reports_errors
from sw.errors import EngramError

__all__ = ["cache"]

DOWNLOADS = "data"
"""A kind that no limit removes: without a network it cannot be had again."""


@reports_errors
def cache(
    kinds: Annotated[
        list[str] | None, typer.Argument(metavar="[KIND]...", help="Kinds of the table; all if left out.")
    ] = None,
    remove: Annotated[
        bool, typer.Option("--clear", help="Remove them, but for what another command is using.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show what is kept between commands, or remove it: nothing is lost but the time to make it again.

    It is kept in the folder ENGRAM_CACHE, or else in the cache folder of the system. When a command has added
    to it and it is larger than ENGRAM_CACHE_LIMIT, such as 500MB, 20GB or none (default 5 GB), what was least
    recently used goes first. What is in use stays, and so do downloaded data sets.
    """
    from sw.cache import cache_folder

    known = _known()
    unknown = [name for name in kinds or () if name not in known]
    if unknown:
        raise EngramError(f"there is no kind {unknown[0]!r}; choose from {', '.join(known)}")
    chosen = {name: known[name] for name in kinds or known}
    folder, limit = cache_folder().absolute(), limit_bytes()
    gone: list[Entry] = []
    if remove:
        gone, stay = clear(folder, chosen.values())
        _say(
            f"removed {len(gone):,} entries, {_size(gone):,} bytes"
            + (f"; {len(stay):,} stay, they are in use or cannot be removed" if stay else "")
        )
    kept = {name: entries(folder, kind) for name, kind in chosen.items()}
    if json:
        print_json(
            {
                "folder": str(folder),
                "limit": limit,
                "removed": {"entries": len(gone), "bytes": _size(gone)},
                "kinds": {
                    name: {
                        "entries": len(found),
                        "bytes": _size(found),
                        "last_use": found[-1].used if found else None,
                    }
                    for name, found in kept.items()
                },
            }
        )
    elif not remove:
        answer.print(_table(kept, chosen))
        _say(f"in {folder}, at most {'any size' if limit is None else _in_words(limit)} but for downloads")


def _known() -> dict[str, Kind]:
    from sw.data.dataset import NAMES

    return {**KINDS, DOWNLOADS: Kind("downloaded data sets", tuple(f"{name}/*" for name in NAMES))}


def _table(kept: dict[str, list[Entry]], kinds: dict[str, Kind]) -> Table:
    table = Table("kind", "what")
    for heading in ("entries", "size", "last use"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, found in kept.items():
        last = time.strftime("%Y-%m-%d %H:%M", time.localtime(found[-1].used)) if found else "-"
        table.add_row(name, kinds[name].what, f"{len(found):,}", _in_words(_size(found)), last)
    everything = [entry for found in kept.values() for entry in found]
    table.add_section()
    table.add_row("all", "", f"{len(everything):,}", _in_words(_size(everything)), "")
    return table


def _size(found: list[Entry]) -> int:
    return sum(entry.size for entry in found)


def _in_words(size: int) -> str:
    for unit, bytes_of_unit in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= bytes_of_unit:
            return f"{size / bytes_of_unit:.1f} {unit}"
    return f"{size} B"


def _say(text: str) -> None:
    messages.print(text, soft_wrap=True, highlight=False)
