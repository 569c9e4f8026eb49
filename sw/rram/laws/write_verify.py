"""Write-verify: programming pulse by pulse, in place of drawing the error that it leaves.

The pulses follow the integer rule of :mod:`sw.reference.pulse`, which the hardware has too, with states so
fine that they are conductances: 2**STATE_BITS of them from 0 S to a quarter above the LRS. An accepted device
may lie anywhere within the acceptance, and does so about evenly. Its error then has a standard deviation of
``acceptance / sqrt(3)``: 1.155 % of the target at an acceptance of 2 %, where arXiv 2502.04524 measured
1.129 % and 11.2 nS; 0.1155 % at 0.2 %, where it measured 0.1069 % and 0.8 nS.

Before programming, devices are anywhere in the window, as in an array that held something else. The array
is read without noise. Stuck devices take all the pulses there are, unless they are where they should be.
"""

from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sw.reference.noise import KEY_WORDS
from sw.reference.pulse import PulseRule, device_indices, write_verify
from sw.rram.laws.law import Law

__all__ = ["AMPLITUDES", "WRITE_EVENT_JOULES", "Key", "Pulses", "Written", "drawn_key", "written"]

STATE_BITS = 16
TOP_OF_LRS = 1.25
WRITE_EVENT_JOULES = 1e-12
"""Of one pulse, about: 10 ns at 150 uA and some 0.7 V, as of 2T2R cells in 40 nm. An order of magnitude, not
a property of the presets."""
AMPLITUDES = 256
SPREAD_UNIT = 104.5 / 65_536
"""Standard deviation of the step per unit of a rule's spread."""

Spread = Annotated[float, Field(ge=0, le=255 * SPREAD_UNIT, allow_inf_nan=False)]
Key = tuple[int, int, int, int]
Step = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


class Pulses(Law):
    """How a device answers pulses, and how write-verify drives it.

    Only the acceptance is a figure of a device's source. The others are this model's: small steps that grow,
    and the spreads of which make no difference to the error of accepted devices, only to the pulses it takes.

    Parameters
    ----------
    acceptance
        Largest distance from the target at which a device is accepted, as a share of the target.
    first_step, step_growth
        Mean step of the first pulse in one direction, and what each further one has more, as shares of what
        is left to the end of the window; in steps of 1 / 256.
    device_spread, cycle_spread
        Standard deviation of the step from device to device and from pulse to pulse, as a share of it.
    max_pulses
        Pulses after which a device that is not accepted has failed.
    """

    example = """\
[pulses]                                # for --write-verify
acceptance = 0.02                       # share of the target
first_step = 0.004                      # share of what is left to the end of the window
step_growth = 0.004
device_spread = 0.2                     # share of the step
cycle_spread = 0.2
max_pulses = 255
"""

    acceptance: Annotated[float, Field(gt=0, le=0.5, allow_inf_nan=False)]
    first_step: Step = 1 / AMPLITUDES
    step_growth: Step = 1 / AMPLITUDES
    device_spread: Spread = 0.2
    cycle_spread: Spread = 0.2
    max_pulses: Annotated[int, Field(ge=1, le=255)] = 255

    def rule(self, key: Key, tolerance: int, **states: int) -> PulseRule:
        """The law in integers, with the key of a chip, a tolerance in states, and which devices are stuck."""
        return PulseRule(
            key=key,
            device_spread=round(self.device_spread / SPREAD_UNIT),
            cycle_spread=round(self.cycle_spread / SPREAD_UNIT),
            start_amplitude=max(1, round(self.first_step * AMPLITUDES)),
            amplitude_step=round(self.step_growth * AMPLITUDES),
            tolerance=tolerance,
            max_pulses=self.max_pulses,
            **states,
        )


def drawn_key(rng: np.random.Generator) -> Key:
    """Key of a chip's pulse rule."""
    first, second, third, fourth = (int(word) for word in rng.integers(0, 2**16, KEY_WORDS))
    return first, second, third, fourth


class Written(NamedTuple):
    """Result of write-verify for each device; all arrays are (2, F, T).

    Attributes
    ----------
    conductances
        float64, in siemens, where the devices are.
    sets, resets
        int64, pulses of each kind that each one got.
    failed
        bool, not accepted after the last pulse.
    """

    conductances: NDArray[np.float64]
    sets: NDArray[np.int64]
    resets: NDArray[np.int64]
    failed: NDArray[np.bool_]


def written(
    targets: NDArray[np.float64],
    held: NDArray[np.float64],
    law: Pulses,
    g_hrs_siemens: float,
    g_lrs_siemens: float,
    rng: np.random.Generator,
) -> Written:
    """Program every device to its target.

    Parameters
    ----------
    targets
        Conductances to write, (2, F, T), in siemens.
    held
        Where a device stays whatever is written; NaN for a device that works.
    law
        Of the device.
    g_hrs_siemens, g_lrs_siemens
        The window, from which all devices start.
    rng
        Generator of the chip for this.
    """
    top = 2**STATE_BITS - 1
    state_siemens = TOP_OF_LRS * g_lrs_siemens / top
    key = drawn_key(rng)
    lowest, highest = round(g_hrs_siemens / state_siemens), round(g_lrs_siemens / state_siemens)
    states = rng.integers(lowest, highest, targets.shape, endpoint=True)
    indices = device_indices(*targets.shape[1:])
    works = np.isnan(held)
    conductances = np.where(works, 0.0, held)
    failed = ~works & ~(np.abs(held - targets) <= law.acceptance * targets)
    sets = np.where(failed & (held < targets), law.max_pulses, 0)
    resets = np.where(failed & (held > targets), law.max_pulses, 0)
    for target in np.unique(targets):
        some = works & (targets == target)
        state = np.full(int(some.sum()), round(target / state_siemens))
        rule = law.rule(key, int(law.acceptance * target / state_siemens))
        done = write_verify(states[some], state, indices[some], rule, top)
        conductances[some] = done.states * state_siemens
        sets[some], resets[some], failed[some] = done.sets, done.resets, done.failed
    return Written(conductances, sets, resets, failed)
