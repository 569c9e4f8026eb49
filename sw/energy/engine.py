"""Digital work of a classifier by part, as :mod:`sw.energy.work` counts it, with the memories it lies in.

That engine reads every activation anew for each output channel; the memories here are as large as what they
hold: all weights, the largest map, all thresholds.
"""

import numpy as np

from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.energy.digital import DigitalWork
from sw.energy.work import Work, array_work, classifier_work, frontend_work, quantiser_work, storage_bits

__all__ = ["ADDRESS_BITS", "digital_parts"]

ADDRESS_BITS = 16
"""Of an address, which is counted up at every access; the largest design has 65,536 features."""


def digital_parts(bundle: Bundle, design: DesignPoint) -> dict[str, DigitalWork]:
    """Work of one image by part, under the names of :mod:`sw.energy.accounting`.

    Parameters
    ----------
    bundle
        The classifier.
    design
        The array that it is read from.
    """
    frontend, quantiser, array = frontend_work(bundle), quantiser_work(bundle), array_work(design)
    stored = storage_bits(bundle)
    maps = [
        int(np.prod(shape.inputs, dtype=np.int64)) * shape.input_bits for shape in bundle.design.layer_shapes
    ]
    capacities = {
        "macs": 1,
        "weight_memory": stored["weights"],
        "activation_memory": max(maps, default=1),
        "activations": stored["thresholds"],
    }
    parts = {part: _in_memory(work, capacities[part]) for part, work in frontend.items()}
    steps = sum(work.accesses for work in frontend.values())
    parts["frontend_controller"] = DigitalWork(added=steps * ADDRESS_BITS)
    parts["quantiser"] = _in_memory(quantiser, stored["feature_thresholds"])
    parts["classifier"] = _in_memory(classifier_work(design), 1)
    behind = quantiser.accesses + array.word_lines + array.conversions
    parts["backend_controller"] = DigitalWork(added=behind * ADDRESS_BITS)
    return parts


def _in_memory(work: Work, capacity: int) -> DigitalWork:
    moved = DigitalWork.memory(max(1, capacity), work.moved) if work.moved else DigitalWork()
    return DigitalWork(multiplied=work.multiplied, added=work.added) + moved
