"""Devices by name or file: a preset, the user's own device as TOML, or measured conductances as CSV.

A TOML file has the fields of :class:`sw.rram.devices.device.Device` as keys, and its laws as tables. It may
start
from a preset with ``like = "cmo-hfox"``, whose values hold where the file has none, and take its conductances
from measurements with ``measured = "FILE.csv"``, a path from the folder of the TOML file.
"""

from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from sw.errors import EngramError
from sw.rram.devices.device import Device
from sw.rram.devices.presets import DEVICES
from sw.rram.laws.law import Law
from sw.rram.laws.measured import read_measured
from sw.texts import read_toml
from sw.validation import validated

__all__ = ["EXAMPLE", "device_named"]

WINDOW_EXAMPLE = """\
# like = "cmo-hfox"                     # start from a preset: its values hold where this file has none
# measured = "cells.csv"                # instead of window, error, retention and pulses
name = "my-oxide"                       # file name if left out
source = "wafer 7, lot 12, 2026"        # where the figures come from
g_hrs_siemens = 5e-6                    # the window
g_lrs_siemens = 60e-6
error_polynomial = [0.02, 0.011]        # sigma in uS = 0.02 + 0.011 G in uS, at any number of powers of G
error_distribution = "lognormal-hrs"    # or "normal"
valid_from_siemens = 2e-6               # for which conductances that was measured; the window if left out
valid_to_siemens = 80e-6
headroom_siemens = 2e-6                 # what codes of binary cells reach above g_lrs; 3 sigma if left out
p_stuck_hrs = 0.001                     # share of the devices that stay in the HRS, in the LRS
p_stuck_lrs = 0.002
p_broken_row = 0.0                      # share of word lines and match lines, tile by tile, that are open
p_broken_col = 0.0
"""
"""The keys that are no law."""

LIKE, MEASURED = "like", "measured"
REPLACED = (
    "g_hrs_siemens",
    "g_lrs_siemens",
    "error_polynomial",
    "valid_from_siemens",
    "valid_to_siemens",
    "retention",
    "pulses",
)
"""Fields of a device that measured conductances replace."""


def device_named(name: str) -> Device:
    """The preset of that name, or the device that a ``*.toml`` or ``*.csv`` file describes.

    Raises
    ------
    EngramError
        If there is no such preset, with the known ones; if a file is not exactly what it should be.
    """
    suffix = Path(name).suffix.lower()
    if suffix == ".toml":
        return _from_toml(Path(name))
    if suffix == ".csv":
        path = Path(name)
        return _device(_with_measured({}, path), path)
    if name not in DEVICES:
        raise EngramError(
            f"device must be one of {', '.join(DEVICES)}, or a *.toml or *.csv file, got {name!r}"
        )
    return DEVICES[name]


def _from_toml(path: Path) -> Device:
    table = read_toml(path)
    _check_keys(table, Device, path, "", (LIKE,))
    like, cells = table.pop(LIKE, None), table.get(MEASURED)
    if like is not None:
        if like not in list(DEVICES):
            raise EngramError(f"{path}: like must be one of {', '.join(DEVICES)}, got {like!r}")
        own = {"name", "source", MEASURED, *(REPLACED if cells else ())}
        base = DEVICES[like].model_dump(exclude=own, exclude_none=True)
        source = f"{path.name}, like {like}: {DEVICES[like].source}"
        table = _merged(base | {"source": source}, table)
    if cells is not None:
        if not isinstance(cells, str):
            raise EngramError(f"{path}: {MEASURED} must be the name of a CSV file, got {cells!r}")
        table = _with_measured(table, path.parent / cells)
    return _device(table, path)


def _with_measured(table: dict[str, Any], path: Path) -> dict[str, Any]:
    measured = read_measured(path)
    window = {
        "g_hrs_siemens": float(measured.medians[0]),
        "g_lrs_siemens": float(measured.medians[-1]),
    }
    for key, value in window.items():
        if key in table:
            raise EngramError(f"{key} must be left out where conductances are measured, {value:g} in {path}")
    return {"source": f"measured, {path.name}"} | table | {MEASURED: measured} | window


def _device(table: dict[str, Any], path: Path) -> Device:
    given = {"name": path.stem, "source": path.name} | table
    _check_given(given, Device, path, "")
    return validated(Device, given, str(path))


def _check_keys(
    table: dict[str, Any], model: type[BaseModel], path: Path, where: str, more: tuple[str, ...] = ()
) -> None:
    """Refuse unknown keys, with the known ones."""
    known = (*more, *model.model_fields)
    for key, value in table.items():
        if key not in known:
            raise EngramError(f"{path}: unknown key {key!r}{where}; known: {', '.join(known)}")
        law = _law(model.model_fields[key].annotation) if key in model.model_fields else None
        if law is not None:
            if not isinstance(value, dict):
                raise EngramError(f"{path}: {key}{where} must be a table, got {value!r}")
            _check_keys(value, law, path, f" in [{key}]")


def _check_given(table: dict[str, Any], model: type[BaseModel], path: Path, where: str) -> None:
    """Refuse tables that lack a key."""
    for key, field in model.model_fields.items():
        if field.is_required() and key not in table:
            raise EngramError(f"{path}: {key} must be given{where}, it is not")
        law = _law(field.annotation)
        if law is not None and key in table:
            _check_given(table[key], law, path, f" in [{key}]")


def _merged(base: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """`base` with the values of `table`, and tables of both merged in turn."""
    both = {key: value for key, value in table.items() if isinstance(value, dict) and key in base}
    return base | table | {key: _merged(base[key], value) for key, value in both.items()}


def _law(annotation: Any) -> type[BaseModel] | None:
    for kind in get_args(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _example() -> str:
    """Keys of the device, then the tables of its laws, each of which has an example of its own."""
    laws = (_law(field.annotation) for field in Device.model_fields.values())
    return "\n".join([WINDOW_EXAMPLE, *(law.example for law in laws if law and issubclass(law, Law))])


EXAMPLE = _example()
"""A device file with every key; only the window and the error must be given, or `like`, or `measured`."""
