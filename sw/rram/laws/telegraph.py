"""Random telegraph noise: a trap beside the filament that captures and emits an electron.

Some devices have one trap. While it holds an electron, the device conducts less by a share of its
conductance. Slow traps do not change between one image and the next: they are frozen into the conductance,
captured or not, as they are at the read time. Fast traps change from read-out to read-out: on average they
lower the conductance, and they add to the variance of the read noise.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Telegraph", "with_traps"]

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Telegraph(BaseModel):
    """Traps of a device.

    Parameters
    ----------
    p_trap
        Share of the devices that have a trap.
    amplitude
        Share of its conductance that a device loses while its trap holds an electron.
    p_captured
        Share of the time in which it does.
    p_slow
        Share of the traps that are slower than the read-outs of a chip.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    p_trap: Share
    amplitude: Share
    p_captured: Share = 0.5
    p_slow: Share = 0.5


def with_traps(
    conductances: NDArray[np.float64], law: Telegraph, rng: np.random.Generator, *, all_slow: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean conductances in siemens, and their variance from read-out to read-out in siemens squared.

    Parameters
    ----------
    conductances
        Without traps, in siemens.
    law, rng
        Of the device; generator of the chip for this.
    all_slow
        Whether to take every trap as slow, for cells whose conductances cannot change while they are read.
    """
    trap, slow, captured = (rng.random(conductances.shape) for _ in range(3))
    has, frozen = trap < law.p_trap, all_slow | (slow < law.p_slow)
    held = np.where(frozen, captured < law.p_captured, law.p_captured)
    step = np.where(has, law.amplitude * conductances, 0.0)
    variance = np.where(frozen, 0.0, law.p_captured * (1 - law.p_captured) * step**2)
    return conductances - held * step, variance
