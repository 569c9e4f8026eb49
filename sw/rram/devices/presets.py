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

DEVICES: dict[str, Device] = {
    device.name: device for device in (IDEAL, CMO_HFOX, CMO_HFOX_FINE, HFOX_WAN2022, HFOX_MILO2021)
}
"""Presets by name; windows and error laws are those of the sources, what breaks is the user's to say."""
