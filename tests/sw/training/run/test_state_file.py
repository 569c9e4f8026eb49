"""Checkpoint files: exact round trips, and what is refused."""

import json
import math

import pytest
import safetensors.torch
import torch

from sw.errors import EngramError
from sw.training.run import state_file as checkpoint_file
from sw.training.run.state_file import read_checkpoint, write_checkpoint

FLOATS = ("float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "complex64")
INTEGERS = ("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool")
DTYPES = [getattr(torch, name) for name in (*FLOATS, *INTEGERS)]
CONTENT = {
    "epoch": 3,
    "best": 0.1 + 0.2,
    "phase": "prune",
    "none": None,
    "list": [1, [2.5]],
    "a": {"b": True},
}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_type_comes_back_bit_by_bit(tmp_path, dtype):
    numbers = torch.randint(0, 2, (48,), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    tensors = {
        "flat": numbers.view(dtype),
        "scalar": numbers[:8].view(dtype)[0],
        "empty": numbers[:0].view(dtype),
    }
    write_checkpoint(tmp_path / "c", CONTENT, tensors)
    content, found = read_checkpoint(tmp_path / "c")
    assert content == CONTENT
    assert found.keys() == tensors.keys()
    for name, want in tensors.items():
        assert (found[name].dtype, found[name].shape) == (want.dtype, want.shape)
        assert torch.equal(found[name].reshape(-1).view(torch.uint8), want.reshape(-1).view(torch.uint8))


def test_views_that_share_memory_and_gradients_do_not_matter(tmp_path):
    base = torch.arange(12.0, requires_grad=True)
    write_checkpoint(tmp_path / "c", {}, {"t": base.view(3, 4).T, "same": base[2:]})
    _, found = read_checkpoint(tmp_path / "c")
    assert torch.equal(found["t"], torch.arange(12.0).view(3, 4).T)
    assert torch.equal(found["same"], torch.arange(2.0, 12.0))


def test_numbers_of_json_come_back_exactly_also_those_that_are_none(tmp_path):
    values = {
        "pi": math.pi,
        "tiny": 5e-324,
        "nan": math.nan,
        "endless": -math.inf,
        "pair": (1, 2),
        10: "x",
        9: "y",
    }
    write_checkpoint(tmp_path / "c", values, {})
    content, tensors = read_checkpoint(tmp_path / "c")
    assert tensors == {}
    assert math.isnan(content.pop("nan"))
    assert content == {
        "pi": math.pi,
        "tiny": 5e-324,
        "endless": -math.inf,
        "pair": [1, 2],
        "10": "x",
        "9": "y",
    }


def test_what_was_read_does_not_change_with_the_file(tmp_path):
    path = tmp_path / "c"
    write_checkpoint(path, {}, {"x": torch.ones(1000)})
    _, found = read_checkpoint(path)
    path.write_bytes(bytes(path.stat().st_size))
    assert torch.equal(found["x"], torch.ones(1000))


def test_no_file_is_none(tmp_path):
    assert read_checkpoint(tmp_path / "c") is None


def files():
    """Damaged files by what happened to them."""
    tensors = {"x": torch.arange(4.0)}
    metadata = json.dumps(
        {"content": {"epoch": 3}, "digest": checkpoint_file.digest_of({"epoch": 3}, tensors)}
    )
    whole = safetensors.torch.save(tensors, {checkpoint_file.METADATA_KEY: metadata})
    flipped = bytearray(whole)
    flipped[-1] ^= 1
    other_content = whole.replace(b'epoch\\\\\\": 3', b'epoch\\\\\\": 4').replace(
        b'epoch\\": 3', b'epoch\\": 4'
    )
    return {
        "whole": whole,
        "empty": b"",
        "cut": whole[:-1],
        "a bit of a tensor": bytes(flipped),
        "a number of the content": other_content,
        "another safetensors file": safetensors.torch.save(tensors),
        "other metadata": safetensors.torch.save(tensors, {checkpoint_file.METADATA_KEY: "[]"}),
        "no JSON": safetensors.torch.save(tensors, {checkpoint_file.METADATA_KEY: "{"}),
        "text": b"epoch 3\n" * 9,
    }


def test_the_file_that_damage_is_done_to_is_good(tmp_path):
    (tmp_path / "c").write_bytes(files()["whole"])
    content, tensors = read_checkpoint(tmp_path / "c")
    assert content == {"epoch": 3}
    assert torch.equal(tensors["x"], torch.arange(4.0))


@pytest.mark.parametrize("damage", [name for name in files() if name != "whole"])
def test_damage_is_refused(tmp_path, damage):
    path = tmp_path / "c"
    assert files()[damage] != files()["whole"]
    path.write_bytes(files()[damage])
    with pytest.raises(EngramError) as refusal:
        read_checkpoint(path)
    assert str(refusal.value) == f"{path} is damaged; delete it to train this part anew, or give --restart"


def test_a_folder_in_the_way_is_refused(tmp_path):
    (tmp_path / "c").mkdir()
    with pytest.raises(EngramError, match="is damaged"):
        read_checkpoint(tmp_path / "c")
    with pytest.raises(EngramError, match="cannot write"):
        write_checkpoint(tmp_path / "c", {}, {})
