"""What is not exactly a bundle is refused in one line: damaged, foreign, and wrong but consistent files."""

import io
import json
import reprlib
import zipfile

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sw.design import Layer
from tests.helpers.bundle_files import DESCRIPTION, GOOD, TENSORS, put, refusal_of, reserialised
from tests.helpers.bundles import random_bundle, tiny_design

SEED = 20_251
RAW = GOOD.to_bytes()
HEADER = 8 + int.from_bytes(RAW[:8], "little")


def with_text(text):
    return safetensors.numpy.save(TENSORS, {"engram": text})


# -- foreign and damaged files ------------------------------------------------------------------------------


def zip_file():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "hello")
    return buffer.getvalue()


FOREIGN = {
    "empty": b"",
    "one byte": b"\0",
    "eight zeros": bytes(8),
    "header length only": (2**63).to_bytes(8, "little"),
    "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(100),
    "zip": zip_file(),
    "random": np.random.default_rng(SEED).bytes(4_096),
    "text": b"hello " * 100,
    "JSON": json.dumps(DESCRIPTION).encode(),
    "npy": b"\x93NUMPY\x01\0v\0{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }" + bytes(80),
    "safetensors without metadata": safetensors.numpy.save({"weight": np.zeros(3, np.float32)}),
    "safetensors of something else": safetensors.numpy.save(TENSORS, {"format": "pt"}),
    "our tensors, not JSON": with_text("not JSON"),
    "our tensors, JSON list": with_text("[1]"),
    "our tensors, JSON null": with_text("null"),
    "our tensors, deep JSON": with_text("[" * 100_000),
}


@pytest.mark.parametrize("raw", FOREIGN.values(), ids=FOREIGN)
def test_foreign_files_are_refused(raw):
    assert refusal_of(raw) == (
        "file.engram is not an Engram bundle, or is damaged; a bundle comes from 'engram train'"
    )


def test_every_truncation_is_refused():
    rng = np.random.default_rng(SEED)
    lengths = {*range(0, 64), *range(HEADER - 32, HEADER + 32), *range(len(RAW) - 64, len(RAW))}
    lengths |= set(rng.integers(0, len(RAW), 400).tolist())
    for length in sorted(lengths):
        refusal_of(RAW[:length])


def test_every_extension_is_refused():
    for tail in (b"\0", b"\n", b" " * 8, RAW):
        refusal_of(RAW + tail)


def test_every_bit_flip_is_refused():
    rng = np.random.default_rng(SEED)
    places = {*range(8 * 16), *rng.integers(0, 8 * HEADER, 600), *rng.integers(8 * HEADER, 8 * len(RAW), 400)}
    for place in sorted(int(place) for place in places):
        raw = bytearray(RAW)
        raw[place // 8] ^= 1 << place % 8
        refusal_of(bytes(raw))


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_random_edits_are_refused(data):
    raw = bytearray(RAW)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        stop = data.draw(st.integers(start, min(len(raw), start + 40)))
        raw[start:stop] = data.draw(st.binary(max_size=40))
    if bytes(raw) != RAW:
        refusal_of(bytes(raw))


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=300), st.integers(0, 400))
def test_random_headers_are_refused(body, length):
    refusal_of(length.to_bytes(8, "little") + body)


# -- files that are consistent in themselves but wrong ------------------------------------------------------


@pytest.mark.parametrize("version", [0, 3, -1, None, "1", [1], {}, 10**40])
def test_other_format_versions_are_refused(version):
    raw = reserialised({**DESCRIPTION, "format": version})
    assert refusal_of(raw) == (
        f"file.engram: bundle format {reprlib.repr(version)} is not supported, this Engram reads formats "
        "1 and 2; train it again or use the version that made it"
    )


def test_a_wrong_digest_is_refused():
    for digest in ("0" * 64, "", None, 5):
        assert refusal_of(reserialised({**DESCRIPTION, "digest": digest}, sign=False)) == (
            "file.engram: content and digest disagree; the file is damaged, get a fresh copy"
        )


def test_content_that_is_not_written_our_way_is_refused():
    """Equal content in other bytes: spaces in the JSON, another order of tensors, an extra metadata entry."""
    spaced = safetensors.numpy.save(TENSORS, {"engram": json.dumps(DESCRIPTION, sort_keys=True, indent=1)})
    extra = safetensors.numpy.save(
        TENSORS, {"engram": json.dumps(DESCRIPTION, sort_keys=True), "comment": "hello"}
    )
    unknown = reserialised({**DESCRIPTION, "comment": "hello"})
    for raw in (spaced, extra, unknown):
        assert "content and digest disagree" in refusal_of(raw)


def changed_design(**changes):
    return {**DESCRIPTION, "design": {**DESCRIPTION["design"], **changes}}


def changed_provenance(**changes):
    return {**DESCRIPTION, "provenance": {**DESCRIPTION["provenance"], **changes}}


DEEP = json.loads("[" * 300 + "]" * 300)

DESCRIPTIONS = {
    "no design": ({**DESCRIPTION, "design": None}, "design: Input should be a valid dictionary"),
    "no provenance": ({**DESCRIPTION, "provenance": 3}, "provenance: Input should be a valid dictionary"),
    "rows zero": (changed_design(rows=0), "design: rows: Input should be greater than or equal to 1, got 0"),
    "rows deep": (changed_design(rows=DEEP), "design: rows: Input should be a valid integer, got [[[["),
    "rows long": (changed_design(rows="x" * 10_000), "design: rows: Input should be a valid integer"),
    "strange key": (changed_design(**{"a\nb": 1}), "design: a\\nb: Extra inputs are not permitted, got 1"),
    "short digest": (
        changed_provenance(data={"name": "x", "digest": "abc"}),
        "provenance: data.digest: String should match pattern",
    ),
    "metric text": (changed_provenance(metrics={"a": "b"}), "provenance: metrics.a: Input should be a valid"),
    "other classes": (changed_design(classes=4), "templates must be uint8 of shape (4, 36), got uint8 of"),
    "other layers": (changed_design(layers=[]), "tensors missing or unknown: 'frontend.0.thresholds', "),
    "no adc": (changed_design(adc_bits=None), "adc.gain must be int32 of shape (0, 0), got int32 of shape"),
    "more cell bits needed": (changed_design(cell_bits=1), "array.codes must hold 0 to 1, got 0 to 3"),
}


@pytest.mark.parametrize(("description", "message"), DESCRIPTIONS.values(), ids=DESCRIPTIONS)
def test_wrong_descriptions_are_refused(description, message):
    assert refusal_of(reserialised(description)).startswith(f"file.engram: {message}")


CHANGES = {
    "weight too large": ("frontend.0.weight", lambda t: put(t, 2), "must hold -1 to 1, got -1 to 2"),
    "weight dtype": ("frontend.0.weight", lambda t: t.astype(np.int16), "must be int8 of shape (3, 1, 3, 3)"),
    "weight shape": ("frontend.1.weight", lambda t: t[:1], "must be int8 of shape (2, 3, 1, 1), got int8 of"),
    "activation unsorted": ("frontend.0.thresholds", lambda t: put(t, -9_999_999), "must be sorted along"),
    "activation too large": ("frontend.0.thresholds", lambda t: put(t, 2**24 + 1), "must hold -16777216 to"),
    "activation missing": ("frontend.0.thresholds", lambda t: t[:, :2], "must be int32 of shape (3, 3), got"),
    "thresholds unsorted": ("quantiser.thresholds", lambda t: put(t, -9_999_999), "must be sorted along"),
    "thresholds too small": ("quantiser.thresholds", lambda t: put(t, -(2**24) - 1), "must hold -16777216"),
    "thresholds float": ("quantiser.thresholds", lambda t: t.astype(np.float32), "must be int32 of shape"),
    "template two": ("templates", lambda t: put(t, 2), "must hold 0 to 1, got 0 to 2"),
    "template bool": ("templates", lambda t: t.astype(bool), "must be uint8 of shape (3, 36), got bool of"),
    "template of one": ("templates", lambda t: t[:1, 0], "must be uint8 of shape (3, 36), got uint8 of"),
    "code too large": ("array.codes", lambda t: put(t, 4), "must hold 0 to 3, got 0 to 4"),
    "codes of one device": ("array.codes", lambda t: t[:1], "must be uint8 of shape (2, 36, 3), got uint8"),
    "gain too large": ("adc.gain", lambda t: put(t, 2**12), "must hold 0 to 4095, got"),
    "gain negative": ("adc.gain", lambda t: put(t, -1), "must hold 0 to 4095, got -1 to"),
    "offset too small": ("adc.offset", lambda t: put(t, -(2**31)), "must hold -1073741824 to 1073741824"),
    "offset shape": ("adc.offset", lambda t: t.T, "must be int32 of shape (5, 2), got int32 of shape (2, 5)"),
    "shift 32": ("adc.shift", lambda t: put(t, 32), "must hold 0 to 31, got 32 to 32"),
    "shift negative": ("adc.shift", lambda t: put(t, -1), "must hold 0 to 31, got -1 to -1"),
    "shift NaN": ("adc.shift", lambda t: np.full(1, np.nan, np.float32), "must be int32 of shape (1,), got"),
    "shift empty": ("adc.shift", lambda t: t[:0], "must be int32 of shape (1,), got int32 of shape (0,)"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "change", "message"), CHANGES.values(), ids=CHANGES)
def test_wrong_tensors_are_refused_by_name(name, change, message):
    raw = reserialised(tensors={**TENSORS, name: change(TENSORS[name])})
    assert refusal_of(raw).startswith(f"file.engram: {name} {message}")


WIDE_LAYERS = (
    Layer(kind="conv3x3", out_channels=3, activation_bits=6),
    Layer(kind="pointwise1x1", out_channels=2),
)
WIDE = random_bundle(tiny_design(layers=WIDE_LAYERS), 1)
WIDE_DESCRIPTION, WIDE_TENSORS = {**WIDE._description(), "digest": WIDE.digest}, WIDE._tensors()
WIDE_CHANGES = {
    "multiplier negative": ("multiplier", lambda t: put(t, -1), "must hold 0 to 32767, got -1 to"),
    "multiplier too large": ("multiplier", lambda t: put(t, 2**15), "must hold 0 to 32767, got 0 to 32768"),
    "multiplier of one": ("multiplier", lambda t: t[:1], "must be int32 of shape (3,), got int32 of shape"),
    "offset too large": ("offset", lambda t: put(t, 2**40 + 1), "must hold -1099511627776 to 1099511627776"),
    "offset too small": ("offset", lambda t: put(t, -(2**63)), "must hold -1099511627776 to 1099511627776"),
    "offset dtype": ("offset", lambda t: t.astype(np.int32), "must be int64 of shape (3,), got int32 of"),
    "shift too large": ("shift", lambda t: put(t, 32), "must hold 0 to 31, got"),
    "shift negative": ("shift", lambda t: put(t, -1), "must hold 0 to 31, got -1 to"),
    "thresholds too": ("thresholds", lambda t: np.zeros((3, 63), np.int32), "must be int32 of shape (3, 0)"),
}  # fmt: skip


@pytest.mark.parametrize(("part", "change", "message"), WIDE_CHANGES.values(), ids=WIDE_CHANGES)
def test_wrong_requantisations_are_refused_by_name(part, change, message):
    name = f"frontend.0.{part}"
    raw = reserialised(WIDE_DESCRIPTION, {**WIDE_TENSORS, name: change(WIDE_TENSORS[name])})
    assert refusal_of(raw).startswith(f"file.engram: {name} {message}")


def test_requantisations_may_neither_be_missing_nor_too_many():
    without = {name: tensor for name, tensor in WIDE_TENSORS.items() if name != "frontend.0.shift"}
    assert "missing or unknown: 'frontend.0.shift';" in refusal_of(reserialised(WIDE_DESCRIPTION, without))
    more = {**WIDE_TENSORS, "frontend.1.shift": np.zeros(2, np.int32)}
    assert "missing or unknown: 'frontend.1.shift';" in refusal_of(reserialised(WIDE_DESCRIPTION, more))


def test_missing_and_unknown_tensors_are_named():
    without = {name: tensor for name, tensor in TENSORS.items() if name != "templates"}
    assert "tensors missing or unknown: 'templates';" in refusal_of(reserialised(tensors=without))
    more = {**TENSORS, "a\nb": np.zeros(1, np.uint8)}
    assert "tensors missing or unknown: 'a\\nb';" in refusal_of(reserialised(tensors=more))
    many = {**TENSORS, **{f"x{number}": np.zeros(1, np.uint8) for number in range(999)}}
    assert "'x0', 'x1', 'x10', 'x100';" in refusal_of(reserialised(tensors=many))


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "F16", "F64", "U64", "C64", "I128", "BOOL"])
def test_tensors_of_other_types_are_refused(dtype):
    raw = bytearray(RAW)
    text = raw[8:HEADER].decode()
    header = json.loads(text)
    header["templates"]["dtype"] = dtype
    changed = json.dumps(header).encode()
    refusal_of(len(changed).to_bytes(8, "little") + changed + bytes(raw[HEADER:]))
