"""The array of a bundle with options: a chip's own one, or the usual one."""

from collections.abc import Mapping
from typing import Any

from sw.bundle import Bundle
from sw.commands.options.array import Array, changed_array, chosen_array
from sw.rram.chip.recorded import recorded_conditions, recorded_device
from sw.rram.devices.files import device_named

__all__ = ["array_for", "array_in_words"]


def array_for(bundle: Bundle, given: Mapping[str, Any]) -> Array:
    """The array that the given options describe.

    Options that are not given are those of the chip, where the bundle is one: what is said of many chips
    beside it must be said of chips under the same conditions.

    Raises
    ------
    EngramError
        If an option is out of range or does not fit the device, or the device must be named.
    """
    if bundle.provenance.device is None:
        return chosen_array(**given)
    named = given.get("device")
    device = recorded_device(bundle) if named is None else device_named(named)
    return changed_array(Array(device, recorded_conditions(bundle)), given)


def array_in_words(bundle: Bundle, given: tuple[str, ...]) -> str | None:
    """Whose conditions the chips have, in a sentence; None where the bundle is no chip."""
    if bundle.provenance.device is None:
        return None
    flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
    return "RRAM chips: programmed and read like this bundle" + (f", but for {flags}" if given else "")
