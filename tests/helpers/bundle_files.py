"""Bundle files that are changed on purpose, and what loading says of them."""

import json

import numpy as np
import pytest
import safetensors.numpy

from sw.bundle import bundle as bundle_file
from sw.bundle.file import from_bytes
from sw.errors import EngramError
from tests.helpers.bundles import random_bundle, tiny_design

GOOD = random_bundle(tiny_design(adc_bits=4, cell_bits=2, thresholds_per_feature=2), 1, codes="random")
DESCRIPTION = {**GOOD._description(), "digest": GOOD.digest}

TENSORS = GOOD._tensors()


def refusal_of(raw, name="file.engram"):
    """The message with which `raw` is refused; any other exception fails the test."""
    with pytest.raises(EngramError) as refusal:
        from_bytes(raw, name)
    message = str(refusal.value)
    assert "\n" not in message
    assert message.startswith(name)
    assert len(message) < 500
    return message


def reserialised(description=None, tensors=None, *, sign=True):
    """A bundle file with other content and a digest that fits it."""
    description = dict(DESCRIPTION if description is None else description)
    tensors = TENSORS if tensors is None else tensors
    tensors = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    if sign:
        unsigned = {key: value for key, value in description.items() if key != "digest"}
        description["digest"] = bundle_file._digest(unsigned, tensors)
    return safetensors.numpy.save(tensors, {"engram": json.dumps(description, sort_keys=True)})


def put(tensor, value):
    changed = tensor.copy()
    changed.reshape(-1)[-1] = value
    return changed
