"""Schedules: which products a layer's unit forms in which cycle, and the contents of its memories.

Plain numbers and NumPy. A unit works on `output_lanes` channels of one output pixel at a time (a *group*). In
each cycle it forms the products of `taps` *entries*: an entry is one tap of the kernel with `input_lanes`
neighbouring input channels, so `taps * input_lanes * output_lanes` products per cycle. Entries whose weights
are all zero are left out, so with one lane each way the cycles follow the non-zero weights, and with many
lanes the engine is a dense one; what lies between is a choice of the three numbers.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import ceil, prod

import numpy as np
from numpy.typing import NDArray

from hw.frontend.dense import identities, with_groups
from hw.frontend.step import SIDES, Entry, StepFormat
from hw.frontend.transfer import Transfer
from hw.frontend.walk import Walk
from sw.design import Layer
from sw.design.layer import LayerShape
from sw.reference.frontend import LayerParameters

__all__ = ["LayerSchedule", "Parallelism"]


@dataclass(frozen=True)
class Parallelism:
    """How many products a unit forms per cycle, and how many thresholds it compares.

    Parameters
    ----------
    input_lanes
        Input channels per word: a power of two, so that the items of the layer before make whole words, or
        all channels of a pixel where no layer is before.
    output_lanes
        Output channels per group, a power of two.
    taps
        Entries per cycle, each with a copy of the window memory.
    searchers
        Channels whose accumulators become activations at once, a power of two, at most `output_lanes`.
    """

    input_lanes: int = 1
    output_lanes: int = 1
    taps: int = 1
    searchers: int = 1

    def __post_init__(self) -> None:
        for name in ("output_lanes", "searchers"):
            value = getattr(self, name)
            if value < 1 or value & (value - 1):
                raise ValueError(f"{name} must be a power of two, got {value}")
        for name in ("input_lanes", "taps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.searchers > self.output_lanes:
            raise ValueError(
                f"searchers must be at most output_lanes = {self.output_lanes}, got {self.searchers}"
            )

    def __str__(self) -> str:
        return f"{self.input_lanes}x{self.output_lanes}x{self.taps}x{self.searchers}"

    @classmethod
    def parse(cls, text: str) -> "Parallelism":
        """Read what ``str`` writes; raises ValueError for anything else."""
        parts = text.split("x")
        if len(parts) != 4 or not all(part.isdecimal() for part in parts):
            raise ValueError(f"a size must be four numbers such as 4x4x1x1, got {text!r}")
        return cls(*map(int, parts))


@dataclass(frozen=True, eq=False)
class LayerSchedule:
    """Steps, memories and cycles of one layer's unit, before it is built.

    Parameters
    ----------
    layer, shape, parameters
        The layer and its trained integers.
    parallelism
        The unit's size.
    to_second
        Of an addition whose two maps each have a place in one memory: words from a pixel of the first map to
        that of the second. None where the words of both come one behind the other, pixel by pixel.
    """

    layer: Layer
    shape: LayerShape
    parameters: LayerParameters
    parallelism: Parallelism
    to_second: int | None = None

    def resized(self, taps: int, searchers: int) -> "LayerSchedule":
        """With other taps and searchers, without counting weights again.

        What does not depend on the two goes where cached properties keep their values.
        """
        other = replace(self, parallelism=replace(self.parallelism, taps=taps, searchers=searchers))
        for name in ("entry_counts", "accumulator_range", "walk"):
            other.__dict__[name] = getattr(self, name)
        return other

    @property
    def map_words(self) -> int:
        """Words per pixel of a map."""
        return ceil(self.shape.inputs[0] / self.parallelism.input_lanes)

    @property
    def input_words(self) -> int:
        """Words per input pixel, those of the second map of an addition behind those of the first."""
        return self.map_words * (2 if self.layer.adds else 1)

    @property
    def groups(self) -> int:
        """Groups of output channels per pixel; a max-pool handles one word of channels at a time."""
        if not self.layer.has_weights:
            return self.input_words
        return ceil(self.shape.outputs[0] / self.parallelism.output_lanes)

    @cached_property
    def walk(self) -> Walk:
        """How the kernel moves over the input."""
        words = self.input_words if self.to_second is None else self.map_words
        return Walk.of(self.layer, self.shape, words)

    @property
    def kernel(self) -> tuple[int, int]:
        """Rows and columns of the kernel that are ever on the map."""
        return self.walk.rows.kernel, self.walk.columns.kernel

    @property
    def weight(self) -> NDArray[np.int8]:
        """Trained weights of the :attr:`kernel`, (out, in per group, rows, columns)."""
        rows, columns = (
            slice(axis.first, axis.first + axis.kernel) for axis in (self.walk.rows, self.walk.columns)
        )
        return self.parameters.weight[:, :, rows, columns]

    @cached_property
    def entries(self) -> tuple[tuple[Entry, ...], ...]:
        """Entries of each group; at least one, even if all its weights are zero."""
        lanes = self.parallelism
        taps = list(np.ndindex(self.kernel))
        if not self.layer.has_weights:
            nothing = np.zeros((0, 0), np.int64)
            return tuple(
                tuple(self._entry(ky, kx, word, nothing) for ky, kx in taps)
                for word in range(self.input_words)
            )
        dense = self._dense_weight()
        groups = []
        for group in range(self.groups):
            rows = slice(group * lanes.output_lanes, (group + 1) * lanes.output_lanes)
            found = []
            for (ky, kx), word in product(taps, range(self.input_words)):
                columns = slice(word * lanes.input_lanes, (word + 1) * lanes.input_lanes)
                weight = dense[rows, columns, ky, kx]
                if np.any(weight):
                    found.append(self._entry(ky, kx, word, weight))
            if not found:
                nothing = np.zeros((lanes.output_lanes, lanes.input_lanes), np.int64)
                found.append(Entry(0, (0,) * len(SIDES), nothing))
            groups.append(tuple(found))
        return tuple(groups)

    @cached_property
    def entry_counts(self) -> tuple[int, ...]:
        """Number of :attr:`entries` of each group, without listing them."""
        lanes = self.parallelism
        if not self.layer.has_weights:
            return (prod(self.kernel),) * self.groups
        blocks = self._dense_weight().reshape(
            self.groups, lanes.output_lanes, self.input_words, lanes.input_lanes, *self.kernel
        )
        counts = blocks.any(axis=(1, 3)).sum(axis=(1, 2, 3))
        return tuple(np.maximum(counts, 1).tolist())

    @property
    def steps(self) -> tuple[int, ...]:
        """Cycles of each group, `taps` entries at a time."""
        return tuple(ceil(count / self.parallelism.taps) for count in self.entry_counts)

    @property
    def values_at_once(self) -> int:
        """Neighbouring output channels that the unit delivers together."""
        return self.parallelism.searchers if self.layer.has_weights else self.parallelism.input_lanes

    @property
    def rounds(self) -> int:
        """Output lanes that one searcher serves, one after the other."""
        return self.parallelism.output_lanes // self.parallelism.searchers

    @property
    def search_cycles(self) -> int:
        """Cycles to turn the accumulators of one group into activations, or to hand them on as they are."""
        if not self.layer.has_weights:
            return 1
        return self.rounds * (1 if self.layer.requantises else self.layer.activation_bits or 1)

    @property
    def cycles(self) -> int:
        """Cycles per image when the input is always there and the output always taken."""
        pixels = self.shape.outputs[1] * self.shape.outputs[2]
        return pixels * sum(max(steps, self.search_cycles) for steps in self.steps)

    @property
    def weight_bits(self) -> int:
        """Bits of a weight in the schedule memory; 0 is needed even where no trained weight is 0."""
        return max(2, self.layer.weight_bits)

    @property
    def offset_bits(self) -> int:
        """Bits of an entry's offset."""
        farthest = self.walk.span - 1
        if self.to_second is not None:
            farthest = max(farthest, self.to_second + self.map_words - 1)
        return max(1, farthest.bit_length())

    @property
    def step_format(self) -> StepFormat:
        """Of this unit's own schedule memory."""
        lanes = self.parallelism
        weights = lanes.input_lanes * lanes.output_lanes if self.layer.has_weights else 0
        return StepFormat(self.offset_bits, self.weight_bits, self.walk.depth, weights, lanes.taps)

    def rom(self) -> list[int]:
        """Schedule memory of the unit: weights of every step, with the taps of the step after it.

        So the addresses of a step are known a step ahead, and wait in registers.
        """
        steps = self._steps()
        ahead = steps[1:] + steps[:1]
        return [
            self.step_format.encode(taps, entries, ends_group=ends_group)
            for (taps, _), (entries, ends_group) in zip(ahead, steps, strict=True)
        ]

    def first_taps(self) -> list[tuple[int, bool]]:
        """Offsets of the first step of all, which has none before it, and which of its taps are outside."""
        rows, columns = self.walk.rows, self.walk.columns
        hanging = [
            side for axis in (rows, columns) for side in (axis.padding, axis.kernel - 1 - axis.last_tap(0))
        ]
        entries, _ = self._steps()[0]
        found = []
        for entry in entries:
            sides = zip(entry.overhangs, hanging, strict=True)
            found.append((entry.offset, any(0 < least <= hangs for least, hangs in sides)))
        return found + [(0, False)] * (self.parallelism.taps - len(found))

    def engine_rom(self, step_format: StepFormat) -> list[int]:
        """Steps in the format of an engine for many layers, taps and weights of each in one word."""
        return [
            step_format.encode(entries, entries, ends_group=ends_group)
            for entries, ends_group in self._steps()
        ]

    def _steps(self) -> list[tuple[tuple[Entry, ...], bool]]:
        """Entries of every step, and whether it ends its group."""
        taps = self.parallelism.taps
        return [
            (entries[start : start + taps], start + taps >= len(entries))
            for entries in self.entries
            for start in range(0, len(entries), taps)
        ]

    @cached_property
    def accumulator_range(self) -> tuple[int, int]:
        """Smallest and largest sum any output channel can reach, partial sums included."""
        weight = self.parameters.weight.astype(np.int64).reshape(len(self.parameters.weight), -1)
        largest_input = 2**self.shape.input_bits - 1
        low = np.where(weight < 0, weight, 0).sum(axis=1).min() * largest_input
        high = np.where(weight > 0, weight, 0).sum(axis=1).max() * largest_input
        return int(low), int(high)

    @property
    def accumulator_bits(self) -> int:
        """Bits of a signed accumulator."""
        low, high = self.accumulator_range
        return max(low.bit_length(), high.bit_length()) + 1

    @property
    def threshold_bits(self) -> int:
        """Bits of a threshold, negated or not: one more, for the one that no accumulator reaches."""
        return self.accumulator_bits + 1

    @property
    def search_bits(self) -> int:
        """Bits that a search of this layer finds, 0 where there is none."""
        return self.layer.activation_bits or 0

    @property
    def searched_channels(self) -> int:
        """Channels that each searcher serves, those without a meaning included."""
        return self.groups * self.rounds

    def threshold_rom(self, searcher: int, bits: int | None = None) -> list[int]:
        """Negated thresholds of the channels of one searcher, 2**n words per channel, the first one unused.

        Negated, because an accumulator that is added to one has reached it if the sum has no sign: an adder
        alone is shorter than a comparison.

        The word of level l is at address l of its channel, so a search needs no subtraction. With more
        than the layer's own n `bits`, the words behind its thresholds are never reached. A threshold outside
        the range of the accumulators is moved to just outside, which changes no comparison and keeps words
        narrow. A layer that requantises has thresholds too, for an engine that
        searches in all its layers.
        """
        lanes = self.parallelism
        low, high = self.accumulator_range
        thresholds = self.transfer.thresholds() if self.layer.requantises else self.parameters.thresholds
        depth = 2**bits if bits else thresholds.shape[1] + 1
        padded = np.full((self.groups * lanes.output_lanes, depth), high + 1)
        padded[: len(thresholds), 1 : thresholds.shape[1] + 1] = thresholds
        mine = padded.reshape(self.groups, -1, lanes.searchers, padded.shape[1])[:, :, searcher]
        return (-np.clip(mine, low, high + 1)).reshape(-1).tolist()

    @cached_property
    def transfer(self) -> Transfer:
        """Requantisation in the widths of hardware; only for layers that requantise."""
        return Transfer(self.layer, self.shape, self.parameters)

    def transfer_rom(self, searcher: int) -> list[int]:
        """Words of :class:`Transfer` of the channels that one searcher serves."""
        words = self.transfer.words()
        padded = words + [0] * (self.groups * self.parallelism.output_lanes - len(words))
        return padded[searcher :: self.parallelism.searchers]

    def _entry(self, ky: int, kx: int, word: int, weight: NDArray[np.int64]) -> Entry:
        """One word of input channels of one tap."""
        walk = self.walk
        offset = walk.until(ky, kx) - walk.words + word
        if self.to_second is not None and word >= self.map_words:
            offset += self.to_second - self.map_words
        return Entry(offset, walk.rows.overhangs_of(ky) + walk.columns.overhangs_of(kx), weight)

    def _dense_weight(self) -> NDArray[np.int64]:
        """Weights (groups * output_lanes, input_words * input_lanes, kernel rows, kernel columns).

        Zero where there is no weight.
        """
        lanes, inputs = self.parallelism, self.shape.inputs[0]
        channels = self.groups * lanes.output_lanes, self.input_words * lanes.input_lanes
        if self.layer.adds:
            return identities(inputs, self.map_words * lanes.input_lanes, channels)
        return with_groups(self.weight, self.layer.groups_of(inputs), inputs, channels)
