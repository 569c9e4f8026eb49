"""Effect: one thing that makes a chip differ from the ideal one, with everything that the rest asks about it.

Programming, refusals, options of commands, axes of an exploration, studies and checks all walk the tuple of
:mod:`sw.rram.effects.known`. None of them knows an effect by its name, so a new one needs no change there.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.rram.check.compared import Compared
from sw.rram.devices.device import Device
from sw.rram.effects.chip import Cells, Chip
from sw.rram.effects.conditions import Conditions

__all__ = ["Effect", "Need", "Option"]


def _as_given(value: Any) -> Any:
    return value


class Option(NamedTuple):
    """One parameter of an array as a person gives it: an option of commands, and an axis of explorations.

    Attributes
    ----------
    flag
        As on the command line, ``--cycles`` or ``--noise/--no-noise``.
    sets
        Field of :class:`sw.rram.effects.conditions.Conditions` that it sets, such as ``cycles`` or
        ``adc.bits``; or one of the device, ``device.p_stuck_hrs``.
    kind, default
        Type of the value that a person gives, and the value that stands for no option.
    help
        What it is, in a sentence.
    read
        Value of the field for what a person gave; raises EngramError if there is none.
    """

    flag: str
    sets: str
    kind: Any
    default: Any
    help: str
    read: Callable[[Any], Any] = _as_given

    @property
    def name(self) -> str:
        """Name of the parameter of a command, and of the axis."""
        return self.flag.partition("/")[0].removeprefix("--").replace("-", "_")

    @property
    def table(self) -> str:
        """Which part of an array has the field: ``device``, ``adc``, ``coping``; empty for the conditions."""
        return self.sets.rpartition(".")[0]

    @property
    def field(self) -> str:
        """The field's name within its part."""
        return self.sets.rpartition(".")[2]


class Need(NamedTuple):
    """A law that a device must have for an effect.

    Attributes
    ----------
    condition
        Field of the conditions that asks for the effect by a value other than its default.
    what
        What the source of the device must give, in words.
    laws
        Fields of the device of which one must be set; the first one is the key of a device file.
    """

    condition: str
    what: str
    laws: tuple[str, ...]


class Effect:
    """A difference between a chip and the ideal one; this class is the effect that does nothing.

    An effect acts at one or more of three moments, in which all effects come after each other in the order of
    :data:`sw.rram.effects.known.EFFECTS`: when it is known what to write (:meth:`aim`), on every device by
    itself (:meth:`act_on_devices`), and on the array as a whole (:meth:`act_on_array`). Random numbers come
    from :meth:`sw.rram.effects.chip.Chip.generator`, in own streams, so that effects leave each other alone.
    """

    name: ClassVar[str]
    """Its name in studies."""
    options: ClassVar[tuple[Option, ...]] = ()
    """Its options on the command line."""
    needs: ClassVar[Need | None] = None
    """The law that a device must have for it; None where the user's figures are enough."""

    def off(self, device: Device, conditions: Conditions) -> tuple[Device, Conditions]:
        """Device and conditions as given, but for this effect; if it is off they are equal to those given.

        That is the default of every field that its options set. Effects whose options set fields of the
        device, or whose ideal is not the default, have an own method.
        """
        defaults = {option.sets: Conditions.model_fields[option.sets].default for option in self.options}
        return device, conditions.with_(**defaults)

    def check(self, device: Device, conditions: Conditions) -> None:
        """Refuse values that the device's law does not cover; raises EngramError naming the parameter."""

    def depends_on_columns(self, device: Device, conditions: Conditions) -> bool:
        """Whether it depends on which match lines lie in one tile, and on who shares an ADC."""
        return False

    def aim(self, targets: NDArray[np.float64], chip: Chip) -> NDArray[np.float64]:
        """Targets as far as devices can reach them, in siemens, (2, F, T)."""
        return targets

    def act_on_devices(self, cells: Cells, chip: Chip) -> Cells:
        """Cells after the effect on each device by itself, from programming until they are read."""
        return cells

    def act_on_array(self, cells: Cells, chip: Chip) -> Cells:
        """Cells after the effect on all devices together, when they are read."""
        return cells

    def device_figures(self, device: Device, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
        """Figures of many devices, against the law of the effect; none where the device has no law."""
        return iter(())

    def array_figures(self, device: Device, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
        """Figures of arrays of such devices."""
        return iter(())

    def common_figures(self, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
        """Figures that do not depend on the device."""
        return iter(())
