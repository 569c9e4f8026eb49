"""``engram data audio``: from a folder, arrays or a name to maps that a bundle can be trained on again."""

import json
import wave

import numpy as np
import pytest

from sw.bundle.provenance import Provenance
from sw.data.dataset import load
from sw.data.of_bundle import dataset_of
from sw.errors import EngramError
from sw.reference.inputs.log_mel import LogMel
from tests.helpers.bundles import random_bundle, tiny_design
from tests.helpers.commands import run

SHORT = ("--seconds", 0.05, "--window", 8, "--hop", 7, "--bands", 6, "--lowest", 200)


def save_wav(path, samples, rate=8_000):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(np.asarray(samples, "<i2").tobytes())


def tone(number, length=420):
    return (9_000 * np.sin(np.arange(length) * (0.2 + 0.3 * (number % 2)) + number)).astype(np.int16)


def folder_of(root, names=("high", "low")):
    for name in names:
        for number in range(6):
            save_wav(root / name / f"{number}.wav", tone(2 * number + (name == "high")))
    return root


def waveforms(count=12, length=420):
    return np.stack([tone(number, length) for number in range(count)]), np.arange(count) % 2


def made(source, output, *options):
    code, out, err = run("data", "audio", source, "-o", output, *SHORT, *options, "--json")
    assert code == 0, err
    return json.loads(out)


def refused(source, output, *options):
    code, out, err = run("data", "audio", source, "-o", output, *SHORT, *options)
    assert (code, out) == (2, "") and not output.exists()
    lines = [line for line in err.splitlines() if "error:" in line]
    assert len(lines) == 1
    return lines[0]


def test_a_folder_by_class(tmp_path):
    result = made(folder_of(tmp_path / "sounds"), tmp_path / "mel.npz")
    assert (result["train"], result["test"], result["classes"], result["cut"]) == (10, 2, 2, 12)
    assert result["class_names"] == ["high", "low"] and result["shape"] == [6, 7]
    rule = LogMel(**result["rule"])
    assert (rule.rate, rule.samples, rule.window, rule.hop) == (8_000, 400, 64, 56)
    own = load(str(tmp_path / "mel.npz"))
    assert own.name == "mel.npz" and own.inputs.audio == rule and own.inputs.class_names == ("high", "low")
    assert np.array_equal(own.test.images, rule.apply(np.stack([tone(9), tone(8)])))
    assert own.test.labels.tolist() == [0, 1]


def test_folders_train_and_test_say_what_is_what(tmp_path):
    for part in ("train", "test"):
        folder_of(tmp_path / "sounds" / part)
    result = made(tmp_path / "sounds", tmp_path / "mel.npz")
    assert (result["train"], result["test"]) == (12, 12)


def test_arrays_of_integers_and_floats_give_the_same_maps(tmp_path):
    x, y = waveforms()
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x[:2], y_test=y[:2], rate=8_000)
    np.savez(tmp_path / "b.npz", x_train=x / 2**15, y_train=y, x_test=x[:2] / 2**15, y_test=y[:2])
    made(tmp_path / "a.npz", tmp_path / "mel-a.npz")
    made(tmp_path / "b.npz", tmp_path / "mel-b.npz", "--rate", 8_000)
    assert (tmp_path / "mel-a.npz").read_bytes() == (tmp_path / "mel-b.npz").read_bytes()


def test_a_bundle_of_spoken_digits_needs_nothing_but_their_recordings(tmp_path, monkeypatch):
    x, y = waveforms(20, 8_000)
    np.savez(tmp_path / "spoken_digits_8khz.npz", x_train=x, y_train=y, x_test=x[:4], y_test=y[:4])
    monkeypatch.setenv("ENGRAM_DATA", str(tmp_path))
    made("spoken-digits", tmp_path / "mel.npz")
    found = load(str(tmp_path / "mel.npz"))
    assert found.name == "spoken-digits" and found.size[:2] == (6, 7)
    design = tiny_design(height=6, width=7, classes=2)
    bundle = random_bundle(design, 1).with_(inputs=found.inputs, provenance=Provenance(data=found.origin))
    again, trained_on = dataset_of(bundle, None)
    assert trained_on and again.digest == found.digest
    assert load("spoken-digits").size[:2] == (32, 31)
    made("spoken-digits", tmp_path / "other.npz", "--range", 50)
    with pytest.raises(
        EngramError, match="as those that the bundle was trained on, range_db is 50 and not 60"
    ):
        dataset_of(bundle, str(tmp_path / "other.npz"))


def test_spoken_digits_that_are_not_there_say_how_to_make_them(tmp_path, monkeypatch):
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path))
    monkeypatch.delenv("ENGRAM_DATA", raising=False)
    for load_it in (lambda: refused("spoken-digits", tmp_path / "m.npz"), lambda: load("spoken-digits")):
        try:
            said = load_it()
        except EngramError as error:
            said = str(error)
        assert (
            "spoken_digits_8khz.npz must be in the folder $ENGRAM_DATA, it is not there; make it of" in said
        )


def test_a_class_without_files_and_rates_that_differ(tmp_path):
    folder = folder_of(tmp_path / "sounds")
    (folder / "none").mkdir()
    target = tmp_path / "m.npz"
    assert f"{folder / 'none'} must hold WAV files of its class, it has none" in refused(folder, target)
    save_wav(folder / "none" / "a.wav", tone(1), rate=16_000)
    assert "all recordings must have one rate, " in refused(folder, target)
    assert "must hold a folder of WAV files for every class, 2 at least, it has 0" in refused(
        folder / "none", target
    )
    assert "cannot read folder" in refused(tmp_path / "nowhere", target)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"rate": None}, (), "does not say its rate; give --rate, in samples per second"),
        ({}, ("--rate", 16_000), "says a rate of 8000 Hz, --rate 16000; leave --rate out"),
        ({"rate": np.array([1, 2])}, (), "rate must be samples per second, got [1, 2]; give one number"),
        (
            {"x_train": np.zeros((12, 4, 4))},
            (),
            "x_train must be waveforms (N, samples), int16 or floats from",
        ),
        (
            {"x_train": np.zeros((12, 9), np.int32)},
            (),
            "int16 or floats from -1 to 1, got int32 of shape (12, 9)",
        ),
        (
            {"x_train": np.full((12, 9), 3.0)},
            (),
            "got magnitudes up to 3; replace NaN, and divide by the largest",
        ),
        ({"x_train": np.full((12, 420), np.nan)}, (), "got magnitudes up to nan; replace NaN, and divide"),
        ({"y_train": np.array(["a", "b"] * 6)}, (), "y_train must be integers of shape (N,), got <U1"),
        ({}, ("--bands", 64), "every band must have a bin of 125 Hz"),
        ({}, ("--highest", 5_000), "bands must lie from 0 to half the rate, 4000 Hz, got 200 to 5000 Hz"),
    ],
)
def test_what_is_no_recording_is_one_line(tmp_path, changes, options, message):
    x, y = waveforms()
    arrays = {"x_train": x, "y_train": y, "x_test": x[:2], "y_test": y[:2], "rate": 8_000} | changes
    np.savez(tmp_path / "a.npz", **{key: value for key, value in arrays.items() if value is not None})
    assert message in refused(tmp_path / "a.npz", tmp_path / "m.npz", *options)


def test_outputs_and_names_that_cannot_be(tmp_path):
    assert "--output must end in .npz" in refused(tmp_path, tmp_path / "mel.txt")
    assert "mnist has images, no recordings; those of spoken-digits have" in refused(
        "mnist", tmp_path / "m.npz"
    )


def test_a_damaged_rule_is_one_line(tmp_path):
    made(folder_of(tmp_path / "sounds"), tmp_path / "mel.npz")
    arrays = dict(np.load(tmp_path / "mel.npz"))
    for wrong in ("{", '{"rate": 1}', "3"):
        np.savez(tmp_path / "x.npz", **arrays | {"audio": np.array(wrong)})
        with pytest.raises(EngramError, match=r"x.npz: audio: "):
            load(str(tmp_path / "x.npz"))


def with_speakers(path, **changed):
    x, y = waveforms()
    arrays = {
        **{"x_train": x[:8], "y_train": y[:8], "x_test": x[8:], "y_test": y[8:], "rate": 8_000},
        "speaker_train": np.array([0, 0, 1, 1, 2, 2, 0, 10], np.uint8),
        "speaker_test": np.array([0, 1, 2, 2], np.uint8),
    }
    np.savez(path, **{key: value for key, value in {**arrays, **changed}.items() if value is not None})
    return path


def test_one_speaker_is_left_out(tmp_path):
    source = with_speakers(tmp_path / "waves.npz")
    whole = made(source, tmp_path / "all.npz")
    parted = made(source, tmp_path / "left.npz", "--leave-out", 2)
    assert (whole["train"], whole["test"]) == (8, 4)
    assert (parted["train"], parted["test"]) == (8, 4)  # 4 of speaker 2, of both parts
    with np.load(tmp_path / "all.npz") as all_of_it, np.load(tmp_path / "left.npz") as without:
        both, left = dict(all_of_it), dict(without)
    for axis in "xy":
        train, test = both[f"{axis}_train"], both[f"{axis}_test"]
        np.testing.assert_array_equal(left[f"{axis}_test"], np.concatenate([train[4:6], test[2:]]))
        np.testing.assert_array_equal(left[f"{axis}_train"], np.concatenate([train[:4], train[6:], test[:2]]))


def test_speakers_may_have_names_and_a_named_set_is_no_longer_that_set(tmp_path, monkeypatch):
    names = {"speaker_train": np.array(list("aabbccaa")), "speaker_test": np.array(list("abcc"))}
    with_speakers(tmp_path / "spoken_digits_8khz.npz", **names)
    monkeypatch.setenv("ENGRAM_DATA", str(tmp_path))
    made("spoken-digits", tmp_path / "left.npz", "--leave-out", "b")
    with np.load(tmp_path / "left.npz") as left:
        assert "source" not in left and len(left["y_test"]) == 3


@pytest.mark.parametrize(
    ("changed", "speaker", "message"),
    [
        ({}, 3, "the speaker to leave out must be one of two or more, of 0, 1, 2, 10, got 3"),
        ({"speaker_test": None}, 1, "must say who speaks to leave one out; give an .npz with speaker_train"),
        ({"speaker_test": np.zeros(3, np.uint8)}, 1, "speaker_test must be a number or a name for every"),
        ({"speaker_test": np.zeros(4)}, 1, "speaker_test must be a number or a name for every recording"),
    ],
)
def test_a_speaker_who_cannot_be_left_out(tmp_path, changed, speaker, message):
    source = with_speakers(tmp_path / "waves.npz", **changed)
    assert message in refused(source, tmp_path / "left.npz", "--leave-out", speaker)


def test_a_folder_does_not_say_who_speaks(tmp_path):
    assert "must say who speaks" in refused(folder_of(tmp_path / "s"), tmp_path / "l.npz", "--leave-out", "a")
