"""Digital work of one image, by part, and what it takes in a technology.

Work is what a schedule counts: additions and multiplications by width, bits moved by the size of the memory,
register bits by clock cycle. It is added up freely; what it costs is decided at the end, in one node.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sw.energy.technologies.technology import Technology

__all__ = ["Access", "DigitalWork", "digital_nj", "parts_nj"]

NJ_PER_PJ = 1e-3
NJ_PER_FJ = 1e-6
WIDTH = 32
"""Bits of the operations whose energy a technology gives."""


@dataclass(frozen=True)
class Access:
    """Bits that are read from or written to one memory.

    Attributes
    ----------
    capacity
        Bits that the memory holds, at least one.
    bits
        Bits that move, reads and writes alike.
    """

    capacity: int
    bits: int


@dataclass(frozen=True)
class DigitalWork:
    """Work, of which two add up with ``+``.

    Attributes
    ----------
    multiplied
        Sum over multiplications of the product of both widths, bits**2: an array multiplier has an adder for
        every pair of bits.
    added
        Sum over additions and comparisons of their widths, bits.
    accesses
        By memory.
    clocked
        Register bits x clock cycles: registers that keep their value are clocked too, so idle cycles are in
        it.
    changed
        Register bits that take another value.
    """

    multiplied: int = 0
    added: int = 0
    accesses: tuple[Access, ...] = ()
    clocked: int = 0
    changed: int = 0

    def __add__(self, other: "DigitalWork") -> "DigitalWork":
        return DigitalWork(
            self.multiplied + other.multiplied,
            self.added + other.added,
            self.accesses + other.accesses,
            self.clocked + other.clocked,
            self.changed + other.changed,
        )

    @staticmethod
    def macs(count: int, weight_bits: int, input_bits: int, sum_bits: int) -> "DigitalWork":
        """So many multiply-accumulates; weights of one or two bits are multiplied with as the others."""
        return DigitalWork(multiplied=count * weight_bits * input_bits, added=count * sum_bits)

    @staticmethod
    def comparisons(count: int, bits: int) -> "DigitalWork":
        """So many comparisons of values with that many bits."""
        return DigitalWork(added=count * bits)

    @staticmethod
    def memory(capacity: int, bits: int) -> "DigitalWork":
        """Bits moved to or from a memory that holds `capacity` bits."""
        return DigitalWork(accesses=(Access(capacity, bits),))

    @staticmethod
    def registers(bits: int, cycles: int, changed: int) -> "DigitalWork":
        """Registers of so many bits that are clocked all the time; `changed` of their bits change, in all."""
        return DigitalWork(clocked=bits * cycles, changed=changed)


def digital_nj(work: DigitalWork, technology: Technology) -> float:
    """Energy of work, in nJ. Clock tree, wires between units and leakage are in none of it."""
    picojoules = (
        work.multiplied * technology.multiply_32_bit.value / WIDTH**2
        + work.added * technology.add_32_bit.value / WIDTH
    )
    femtojoules = (
        sum(access.bits * _moved_bit(access.capacity, technology) for access in work.accesses)
        + work.clocked * technology.register_clock.value
        + work.changed * technology.register_change.value
    )
    return picojoules * NJ_PER_PJ + femtojoules * NJ_PER_FJ


def parts_nj(parts: Mapping[str, DigitalWork], technology: Technology) -> dict[str, float]:
    """Energy by part, in nJ."""
    return {part: digital_nj(work, technology) for part, work in parts.items()}


def _moved_bit(capacity: int, technology: Technology) -> float:
    """fJ of one bit, by the size of the memory."""
    growth = (capacity / technology.sram_size.value) ** technology.sram_growth.value
    return technology.sram_bit.value * growth
