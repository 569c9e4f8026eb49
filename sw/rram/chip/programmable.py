"""Programmable chips: the pulse rule of a chip that programs itself, and its first programming.

The states of the rule are conductance codes, so what has no code cannot be on such a chip: errors below a
code, drift, lines with resistance, traps of telegraph noise. Its devices come to their code exactly, or fail.
"""

from dataclasses import replace

import numpy as np

from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.errors import EngramError
from sw.reference.pulse import (
    PulseRule,
    device_indices,
    erased_states,
    stuck_devices,
    target_states,
    write_verify,
)
from sw.rram.chip.programming import program
from sw.rram.chip.record import write_record
from sw.rram.devices.device import Device
from sw.rram.devices.mapping import conductance_codes
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.coping import Coping
from sw.rram.laws.generators import chip_generator
from sw.rram.laws.write_verify import AMPLITUDES, Pulses, drawn_key

__all__ = ["DEFAULT_PULSES", "program_by_pulses", "pulse_rule"]

DEFAULT_PULSES = Pulses(
    acceptance=0.02, first_step=4 / AMPLITUDES, step_growth=4 / AMPLITUDES, max_pulses=128
)
"""For devices without pulses of their own. Of 20,000 devices all come to codes of 4 bits, in 6.3 pulses on
average and 20 for all but one in 1,000; to codes of 8 bits in 10.3 and 56."""
UNIT = 2**16


def pulse_rule(design: DesignPoint, device: Device, rng: np.random.Generator) -> PulseRule:
    """How the devices of one chip answer pulses.

    Parameters
    ----------
    design
        Gives the codes that are the states.
    device
        Its window, stuck devices and pulses, or :data:`DEFAULT_PULSES`; a device is accepted within the
        acceptance of its HRS, in whole codes, so no state may be further off than it allows.
    rng
        Draws the key.
    """
    window = np.array([device.g_hrs_siemens, device.g_lrs_siemens])
    hrs, lrs = (int(code) for code in conductance_codes(window, design, device))
    law = device.pulses or DEFAULT_PULSES
    stuck_hrs = round(device.p_stuck_hrs * UNIT)
    return law.rule(
        drawn_key(rng),
        int(law.acceptance * hrs),
        p_stuck_hrs=stuck_hrs,
        p_stuck_lrs=min(round(device.p_stuck_lrs * UNIT), UNIT - stuck_hrs),
        hrs_state=hrs,
        lrs_state=lrs,
    )


def program_by_pulses(
    bundle: Bundle, device: Device, conditions: Conditions, *, seed: int, chip: int = 0
) -> Bundle:
    """A chip with a pulse rule, its erased array programmed to the templates by write-verify.

    Parameters
    ----------
    bundle, device, conditions, seed, chip
        As for :func:`sw.rram.chip.programming.program`, which makes everything but the codes.

    Returns
    -------
    Bundle
        With the codes that the chip itself would reach; ``provenance.device`` counts stuck devices, pulses
        and failures of these.

    Raises
    ------
    EngramError
        If the conditions have what such a chip cannot have.
    """
    _check(device, conditions)
    made = program(bundle, device, conditions, seed=seed, chip=chip)
    design = made.design
    rule = pulse_rule(design, device, chip_generator(seed, chip, "pulse-rule"))
    indices = device_indices(design.features, design.templates)
    targets = target_states(made.templates, design, rule)
    done = write_verify(erased_states(indices, rule), targets, indices, rule, design.max_code)
    hrs, lrs = stuck_devices(indices, rule)
    counts = {"programmable": 1, "stuck_hrs": int(hrs.sum()), "stuck_lrs": int(lrs.sum())}
    record = (made.provenance.device or {}) | counts | write_record(done)
    return made.with_(
        array=replace(made.array, codes=done.states.astype(np.uint8), pulse=rule),
        provenance=made.provenance.model_copy(update={"device": record}),
    )


def _check(device: Device, conditions: Conditions) -> None:
    allowed = Conditions(
        cell_bits=conditions.cell_bits,
        adc=conditions.adc,
        read_noise=conditions.read_noise,
        coping=Coping(calibrate_adc=conditions.coping.calibrate_adc),
    )
    odd = [name for name, value in dict(conditions).items() if value != getattr(allowed, name)]
    odd += [name for name in ("p_broken_row", "p_broken_col") if getattr(device, name)]
    if odd:
        raise EngramError(
            f"{odd[0]} must be left out of a programmable chip, whose codes are what pulses make of them, "
            f"got {getattr(conditions, odd[0], None) or getattr(device, odd[0], None)}; leave out "
            "--programmable or the option"
        )
    if conditions.read_noise and device.read_noise is not None and device.read_noise.telegraph is not None:
        raise EngramError(
            f"read_noise must be without telegraph noise in a programmable chip, whose codes no trap lowers, "
            f"got device {device.name!r}; leave out --programmable, --noise or [read_noise.telegraph]"
        )
