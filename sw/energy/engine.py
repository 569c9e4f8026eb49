"""Digital work behind the front end by part, as :mod:`sw.energy.work` counts it.

The memory of the thresholds is as large as what it holds. The work of the front end is counted from the one
that is generated, see :mod:`sw.commands.costs.front_end`.
"""

from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.energy.digital import DigitalWork
from sw.energy.work import Work, array_work, classifier_work, dense_work, quantiser_work, storage_bits

__all__ = ["ADDRESS_BITS", "digital_backend", "digital_dense"]

ADDRESS_BITS = 16
"""Of an address, which is counted up at every access; the largest design has 65,536 features."""


def digital_backend(bundle: Bundle, design: DesignPoint) -> dict[str, DigitalWork]:
    """Work of one image by part, under the names of :mod:`sw.energy.accounting`.

    Parameters
    ----------
    bundle
        The classifier.
    design
        The array that it is read from.
    """
    quantiser, array = quantiser_work(bundle), array_work(design)
    behind = quantiser.accesses + array.word_lines + array.conversions
    return {
        "quantiser": _in_memory(quantiser, storage_bits(bundle)["feature_thresholds"]),
        "classifier": _in_memory(classifier_work(design), 1),
        "backend_controller": DigitalWork(added=behind * ADDRESS_BITS),
    }


def digital_dense(bundle: Bundle) -> dict[str, DigitalWork]:
    """Work of one image in a dense layer in place of everything behind the front end, by part."""
    parts = dense_work(bundle)
    found = {part: _in_memory(work, work.moved) for part, work in parts.items()}
    steps = sum(work.accesses for work in parts.values())
    return {**found, "controller": DigitalWork(added=steps * ADDRESS_BITS)}


def _in_memory(work: Work, capacity: int) -> DigitalWork:
    moved = DigitalWork.memory(max(1, capacity), work.moved) if work.moved else DigitalWork()
    return DigitalWork(multiplied=work.multiplied, added=work.added) + moved
