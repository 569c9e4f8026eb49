"""Bundles with read noise, converter nonlinearity, window cells or a pulse rule: round trips and refusals."""

from dataclasses import replace

import numpy as np
import pytest

from sw.bundle.file import from_bytes
from sw.errors import EngramError
from sw.reference.pulse import PulseRule
from tests.helpers.bundle_files import put, refusal_of, reserialised
from tests.helpers.bundles import random_bundle, tiny_design

WINDOW = tiny_design(cell="window", thresholds_per_feature=3, cell_bits=4, match_code=40, mismatch_code=9)
NOISY = random_bundle(tiny_design(adc_bits=4, cell_bits=2), 1, codes="random", noise=True, inl=True)
RULE = PulseRule(key=(1, 2, 3, 65_535), device_spread=9, p_stuck_hrs=65_536, lrs_state=3, max_pulses=255)

BUNDLES = {
    "noise": random_bundle(tiny_design(), 1, noise=True),
    "nonlinearity": random_bundle(tiny_design(adc_bits=3), 1, inl=True),
    "both": NOISY,
    "windows": random_bundle(WINDOW, 1),
    "windows, random codes": random_bundle(WINDOW, 1, codes="random", noise=True),
    "pulse rule": NOISY.with_array(pulse=RULE),
}


@pytest.mark.parametrize("bundle", BUNDLES.values(), ids=BUNDLES)
def test_round_trip(bundle):
    again = from_bytes(bundle.to_bytes(), "again")
    assert again.to_bytes() == bundle.to_bytes()
    assert (again.design, again.array.pulse) == (bundle.design, bundle.array.pulse)
    assert (again.array.read_noise is None) == (bundle.array.read_noise is None)
    for name, tensor in bundle._tensors().items():
        np.testing.assert_array_equal(again._tensors()[name], tensor)


def test_every_part_is_in_the_digest():
    digests = {
        bundle.digest
        for bundle in (
            NOISY,
            NOISY.with_array(read_noise=None),
            NOISY.with_array(adc=replace(NOISY.array.adc, inl=np.zeros((0, 0, 0), np.int16))),
            NOISY.with_array(pulse=RULE),
            NOISY.with_array(pulse=RULE.model_copy(update={"device_spread": 10})),
        )
    }
    assert len(digests) == 5


def test_designs_without_windows_do_not_speak_of_them():
    description = NOISY._description()["design"]
    assert not {"match_code", "mismatch_code"} & set(description)
    assert BUNDLES["windows"]._description()["design"]["match_code"] == 40


def described(bundle):
    return {**bundle._description(), "digest": bundle.digest}


CHANGES = {
    "key of three": ("noise.key", lambda t: t[:3], "must be uint16 of shape (4,), got uint16 of shape (3,)"),
    "key dtype": ("noise.key", lambda t: t.astype(np.int32), "must be uint16 of shape (4,), got int32 of"),
    "scale too large": ("noise.scale", lambda t: put(t, 1024), "must hold 0 to 1023, got"),
    "scale negative": ("noise.scale", lambda t: put(t, -1), "must hold 0 to 1023, got -1 to"),
    "scale of one": ("noise.scale", lambda t: t[:1], "must be int32 of shape (3,), got int32 of shape (1,)"),
    "shift zero": ("noise.shift", lambda t: put(t, 0), "must be 1 to 31, got 0"),
    "shift too large": ("noise.shift", lambda t: put(t, 32), "must hold 0 to 31, got 32 to 32"),
    "nonlinearity too large": ("adc.inl", lambda t: put(t, 16), "must hold -15 to 15, got"),
    "nonlinearity of few": ("adc.inl", lambda t: t[..., 1:].copy(), "must be int16 of shape (3, 2, 16), got"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "change", "message"), CHANGES.values(), ids=CHANGES)
def test_wrong_tensors_are_refused_by_name(name, change, message):
    tensors = {**NOISY._tensors(), name: change(NOISY._tensors()[name])}
    assert refusal_of(reserialised(described(NOISY), tensors)).startswith(f"file.engram: {name} {message}")


@pytest.mark.parametrize("missing", ["noise.key", "noise.scale", "noise.shift"])
def test_noise_may_not_come_in_part(missing):
    tensors = {name: tensor for name, tensor in NOISY._tensors().items() if name != missing}
    assert f"missing or unknown: '{missing}';" in refusal_of(reserialised(described(NOISY), tensors))


def test_windows_upside_down_are_refused():
    bundle = BUNDLES["windows"]
    templates = bundle.templates.copy()
    templates[:, 0, 0] = 3, 2
    with pytest.raises(EngramError, match="the lowest level of a window must not be above its highest"):
        bundle.with_(templates=templates)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": [1, 2, 3]}, "pulse: key.3: Field required"),
        ({"key": [1, 2, 3, 65_536]}, "pulse: key.3: Input should be less than or equal to 65535"),
        ({"max_pulses": 0}, "pulse: max_pulses: Input should be greater than or equal to 1, got 0"),
        ({"power": 1}, "pulse: power: Extra inputs are not permitted"),
        ({"lrs_state": 4}, "pulse: hrs_state and lrs_state must be codes up to 3, got 0 and 4"),
        ({"p_stuck_lrs": 1}, "pulse: p_stuck_hrs and p_stuck_lrs must be 65536 at most together, got 65536"),
    ],
)
def test_wrong_pulse_rules_are_refused(change, message):
    bundle = BUNDLES["pulse rule"]
    description = described(bundle)
    description["pulse"] = {**description["pulse"], **change}
    assert refusal_of(reserialised(description, bundle._tensors())).startswith(f"file.engram: {message}")
