"""Chains undone, against chains done."""

from fractions import Fraction

import numpy as np
import pytest

from sw.importing.chain import Affine, Bound, Clamp, Stair, Step, sign_of, undone


def done(chain, value):
    """What a chain makes of a value, in the plainest way."""
    for each in chain:
        if isinstance(each, Affine):
            value = value * each.gain[0] + each.offset[0]
        elif isinstance(each, Clamp):
            value = value if each.low is None else max(value, each.low)
            value = value if each.high is None else min(value, each.high)
        else:
            level = sum(value > bound if strict else value >= bound for bound, strict in each.steps)
            value = level * each.gain[0] + each.offset[0]
    return value


def random_chain(rng):
    chain = []
    for _ in range(int(rng.integers(1, 6))):
        numbers = [Fraction(int(n), 2) for n in rng.integers(-6, 7, 6)]
        match int(rng.integers(3)):
            case 0:
                chain.append(Affine((numbers[0],), (numbers[1],)))
            case 1:
                low, high = sorted(numbers[:2])
                chain.append(Clamp(low if numbers[2] > 0 else None, high if numbers[3] > 0 else None))
            case _:
                steps = tuple(Step(bound, bool(rng.integers(2))) for bound in sorted(set(numbers[:3])))
                chain.append(Stair(steps, (numbers[4],), (numbers[5],)))
    return chain


@pytest.mark.parametrize("seed", range(40))
def test_a_condition_on_the_result_is_one_on_the_value(seed):
    rng = np.random.default_rng(seed)
    chain = random_chain(rng)
    values = [Fraction(number, 4) for number in range(-60, 61)]
    for number in range(-8, 9):
        for strict in (False, True):
            bound = Bound(Fraction(number, 2), strict, True)
            before = undone(chain, 0, bound)
            expected = [bound.holds(done(chain, value)) for value in values]
            got = [before if isinstance(before, bool) else before.holds(value) for value in values]
            assert got == expected
            if not isinstance(before, bool):
                assert before.up == (sign_of(chain, 0) > 0)
