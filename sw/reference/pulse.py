"""Programming pulses: how SET and RESET change the state of a cell's device, and write-verify on top of it.

A state is an integer from 0, no conductance, to a largest one. The behavioural array keeps conductance codes
and so has 2**cell_bits states; the software's RRAM model uses the same rule with more of them. What differs
from device to device and from pulse to pulse comes from the counter-based generator of
:mod:`sw.reference.noise`, so that hardware and software program the same chip in the same way.

The law is the soft-bounds one: a pulse covers a share of what is left to the end of the window, as in Fusi
and Abbott, "Limits on the memory storage capacity of bounded synapses", Nature Neuroscience 10, 2007.
"""

from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sw.design import DesignPoint
from sw.reference.array import ideal_codes
from sw.reference.noise import random_words

__all__ = [
    "PulseRule",
    "WriteVerify",
    "device_indices",
    "erased_states",
    "pulsed",
    "stuck_devices",
    "target_states",
    "write_verify",
]

TRAITS = 0
"""Number of the draw that gives a device's own properties; pulses count from 1."""
BYTES_MEAN = 255
"""Of the sum of two uniform bytes; its standard deviation is 104.5."""

Word = Annotated[int, Field(ge=0, le=2**16 - 1)]
Byte = Annotated[int, Field(ge=0, le=255)]


class PulseRule(BaseModel):
    """How the devices of one chip answer pulses, and how write-verify drives them.

    Parameters
    ----------
    key
        Of the chip, for the generator.
    device_spread, cycle_spread
        Spread of the step from device to device and from pulse to pulse: its standard deviation is
        ``104.5 * spread / 65536`` of the step.
    p_stuck_hrs, p_stuck_lrs
        Probability, in 1 / 65536, that a device ignores pulses; together at most 65536.
    hrs_state, lrs_state
        Where such devices stay.
    start_amplitude, amplitude_step
        First amplitude of a run of pulses in one direction, and what each further one has more, up to 255;
        an amplitude is the mean step in 1 / 256 of what is left to the end of the window.
    tolerance
        Largest distance from the target, in states, at which a device is accepted.
    max_pulses
        Pulses after which a device that is not accepted has failed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: tuple[Word, Word, Word, Word]
    device_spread: Byte = 0
    cycle_spread: Byte = 0
    p_stuck_hrs: Annotated[int, Field(ge=0, le=2**16)] = 0
    p_stuck_lrs: Annotated[int, Field(ge=0, le=2**16)] = 0
    hrs_state: Word = 0
    lrs_state: Word = 1
    start_amplitude: Annotated[int, Field(ge=1, le=255)] = 64
    amplitude_step: Byte = 8
    tolerance: Word = 0
    max_pulses: Annotated[int, Field(ge=1, le=255)] = 64


class WriteVerify(NamedTuple):
    """Result of write-verify for each device; all arrays have the shape of the targets.

    Attributes
    ----------
    states
        int64, where the devices are.
    sets, resets
        int64, pulses of each kind that they got.
    failed
        bool, not accepted after the last pulse.
    """

    states: NDArray[np.int64]
    sets: NDArray[np.int64]
    resets: NDArray[np.int64]
    failed: NDArray[np.bool_]


def device_indices(features: int, templates: int) -> NDArray[np.uint32]:
    """Counter of every device, (2, F, T): ``match line * 2**17 + row * 2 + device``.

    No two are alike, because a row has at most 16 bits, see :class:`sw.design.DesignPoint`; and no counter
    depends on the size of the array.
    """
    device, row, line = np.ogrid[:2, :features, :templates]
    return ((line << 17) | (row << 1) | device).astype(np.uint32)


def stuck_devices(
    indices: NDArray[np.uint32], rule: PulseRule
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which devices are stuck in the HRS, and which in the LRS: by the first word of their traits."""
    draw = _words(indices, TRAITS, rule)[0]
    hrs = draw < rule.p_stuck_hrs
    return hrs, ~hrs & (draw < rule.p_stuck_hrs + rule.p_stuck_lrs)


def erased_states(indices: NDArray[np.uint32], rule: PulseRule) -> NDArray[np.int64]:
    """States before anything is programmed: HRS, except for the devices that are stuck in the LRS."""
    _, lrs = stuck_devices(indices, rule)
    return np.where(lrs, rule.lrs_state, rule.hrs_state)


def target_states(templates: NDArray[np.uint8], design: DesignPoint, rule: PulseRule) -> NDArray[np.int64]:
    """States that hold templates, int64 (2, F, T).

    Devices of binary cells go to the HRS or the LRS state of the rule, those of window cells to their bounds.

    Parameters
    ----------
    templates, design
        As :func:`sw.reference.array.ideal_codes` takes them.
    rule
        Of the chip.
    """
    ideal = ideal_codes(templates, design).astype(np.int64)
    if design.cell == "window":
        return ideal
    return np.where(ideal == 1, rule.lrs_state, rule.hrs_state)


def pulsed(
    states: NDArray[np.int64],
    upwards: NDArray[np.bool_],
    amplitudes: NDArray[np.int64],
    number: int,
    indices: NDArray[np.uint32],
    rule: PulseRule,
    max_state: int,
) -> NDArray[np.int64]:
    """States after one pulse to each device.

    ::

        distance = (max_state - state  if SET  else  state) + (max_state + 1) // 4
        gain     = max(0, 256 + (device * device_spread >> 8) + (cycle * cycle_spread >> 8))
        step     = (amplitude * distance * gain + dither) >> 16

    `device` and `cycle` are sums of two bytes less their mean 255: those of the second word of the device's
    traits and of the pulse's draw. `dither` is the first word of the pulse's draw: it rounds a step up
    with a probability that equals the step's fraction, so that small steps are right on average. The new
    state stays within 0 .. max_state. The window ends a quarter beyond its outermost states, so these are
    reached. Stuck devices keep their state.

    Parameters
    ----------
    states, upwards, amplitudes, indices
        State, SET or RESET, amplitude 0 .. 255 and counter of each device, all of one shape.
    number
        Of the pulse, from 1, counted for each device.
    rule
        Of the chip.
    max_state
        Largest state.
    """
    dither, draw = _words(indices, number, rule)
    traits = _words(indices, TRAITS, rule)[1]
    gain = 256 + (_centred(traits) * rule.device_spread >> 8) + (_centred(draw) * rule.cycle_spread >> 8)
    distance = np.where(upwards, max_state - states, states) + (max_state + 1) // 4
    step = (amplitudes * distance * np.maximum(gain, 0) + dither) >> 16
    moved = np.clip(np.where(upwards, states + step, states - step), 0, max_state)
    hrs, lrs = stuck_devices(indices, rule)
    return np.where(hrs | lrs, states, moved)


def write_verify(
    states: NDArray[np.int64],
    targets: NDArray[np.int64],
    indices: NDArray[np.uint32],
    rule: PulseRule,
    max_state: int,
) -> WriteVerify:
    """Program every device to its target: read, and until it is accepted, pulse towards it and read again.

    Parameters
    ----------
    states, targets, indices
        Where each device is, where it should be, and its counter; all of one shape.
    rule
        Of the chip.
    max_state
        Largest state.
    """
    shape, indices = targets.shape, indices.reshape(-1)
    states, targets = states.astype(np.int64).reshape(-1), targets.astype(np.int64).reshape(-1)
    sets, resets = np.zeros_like(states), np.zeros_like(states)
    amplitudes = np.zeros_like(states)
    last_up = np.zeros(len(states), bool)
    for number in range(1, rule.max_pulses + 1):
        (open_,) = np.nonzero(np.abs(states - targets) > rule.tolerance)
        if not len(open_):
            break
        up = states[open_] < targets[open_]
        same = (number > 1) & (up == last_up[open_])
        grown = np.minimum(amplitudes[open_] + rule.amplitude_step, 255)
        amplitudes[open_] = np.where(same, grown, rule.start_amplitude)
        last_up[open_] = up
        states[open_] = pulsed(states[open_], up, amplitudes[open_], number, indices[open_], rule, max_state)
        sets[open_] += up
        resets[open_] += ~up
    failed = np.abs(states - targets) > rule.tolerance
    return WriteVerify(
        states.reshape(shape), sets.reshape(shape), resets.reshape(shape), failed.reshape(shape)
    )


def _words(
    indices: NDArray[np.uint32], number: int, rule: PulseRule
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """The two words of a device's draw: the first key word is exclusive-or'ed with its number."""
    key = np.array(rule.key, np.uint16)
    key[0] ^= np.uint16(number)
    x, y = random_words(key[np.newaxis], indices.reshape(-1))
    return x[0].reshape(indices.shape), y[0].reshape(indices.shape)


def _centred(words: NDArray[np.uint16]) -> NDArray[np.int64]:
    return (words & 255).astype(np.int64) + (words >> 8) - BYTES_MEAN
