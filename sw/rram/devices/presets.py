"""Published RRAM devices by name. A preset names its source and has only what the source gives."""

from sw.rram.devices.device import Device
from sw.rram.laws.read_noise import NoiseLaw
from sw.rram.laws.retention import Retention
from sw.rram.laws.write_verify import Pulses

__all__ = ["DEVICES"]


IDEAL = Device(
    name="ideal",
    g_hrs_siemens=0,
    g_lrs_siemens=100e-6,
    error_polynomial=(0,),
    valid_from_siemens=0,
    valid_to_siemens=100e-6,
    source="no device: exact programming, no HRS conductance; the window's size has no effect",
)

CMO_HFOX = Device(
    name="cmo-hfox",
    g_hrs_siemens=8e-6,
    g_lrs_siemens=90e-6,
    error_polynomial=(11.2e-3, 11.29e-3),
    valid_from_siemens=8e-6,
    valid_to_siemens=90e-6,
    retention=Retention(
        shift_siemens_per_ln_second=-0.089e-6,
        sigma_siemens=0.412e-6,
        sigma_siemens_per_ln_second=0.042e-6,
    ),
    read_noise=NoiseLaw(sigma_of_window=0.01),
    pulses=Pulses(acceptance=0.02),
    source="arXiv 2502.04524 (CMO/HfOx, write-verify with 2 % acceptance)",
)

CMO_HFOX_FINE = CMO_HFOX.with_(
    name="cmo-hfox-fine",
    error_polynomial=(0.811e-3, 1.0687e-3),
    pulses=Pulses(acceptance=0.002),
    source="arXiv 2502.04524 (CMO/HfOx, write-verify with 0.2 % acceptance)",
)

HFOX_WAN2022 = Device(
    name="hfox-wan2022",
    g_hrs_siemens=0,
    g_lrs_siemens=40e-6,
    error_polynomial=(1.053, 0.2374, -1.167e-2, 1.536e-4),
    valid_from_siemens=0,
    valid_to_siemens=40e-6,
    source="Wan et al. 2022 (HfOx, one second after programming)",
)

HFOX_MILO2021 = Device(
    name="hfox-milo2021",
    g_hrs_siemens=50e-6,
    g_lrs_siemens=225e-6,
    error_polynomial=(4.78, -0.0091),
    valid_from_siemens=50e-6,
    valid_to_siemens=225e-6,
    source="Milo et al. 2021 (IGVVA-100 programming)",
)

FORMED, RESET, SET = 0.9273, 0.9083, 0.9745
"""Shares of the 1T1R devices of sky130_fd_pr_reram that form; of these, that reset; of these, that set."""

SKY130_RERAM = Device(
    name="sky130-reram",
    g_hrs_siemens=0.1e-6,  # of a fresh device, at most: what a reset leaves is not among the data
    g_lrs_siemens=75e-6,
    # no distribution is given: 30 to 120 uS are taken as two standard deviations around their middle
    error_polynomial=(0, 0.3),
    valid_from_siemens=0,
    valid_to_siemens=120e-6,
    headroom_siemens=45e-6,
    # a device that does not form, or does not set again, stays in the HRS; one that does not reset in the LRS
    p_stuck_hrs=(1 - FORMED) + FORMED * RESET * (1 - SET),
    p_stuck_lrs=FORMED * (1 - RESET),
    source=(
        "sky130_fd_pr_reram, open data (low state of 30 to 120 uS, fresh below 0.1 uS; of 1T1R devices 92.73 "
        "% form, 90.83 % reset, 97.45 % set; without write-verify, retention, read noise and endurance)"
    ),
)

DEVICES: dict[str, Device] = {
    device.name: device
    for device in (IDEAL, CMO_HFOX, CMO_HFOX_FINE, HFOX_WAN2022, HFOX_MILO2021, SKY130_RERAM)
}
"""Presets by name; windows and error laws are those of the sources. What breaks is the user's to say, but for
sky130-reram, whose source counts it."""
