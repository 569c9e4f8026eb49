import re

from constraints.parts import PARTS


def test_parts_are_named_as_their_dies():
    """The name of a die is the end of the name of its parts, but for the case and the maker's letters."""
    for device, part in PARTS.items():
        kind, _, size = part.die.rpartition("-")
        assert re.search(rf"{kind}.*{size.removesuffix('k')}[kf]?", device.lower(), re.I), device


def test_larger_parts_have_no_less_of_anything():
    for small, large in (("12k", "25k"), ("25k", "45k"), ("45k", "85k"), ("up3k", "up5k"), ("hx4k", "hx8k")):
        less, more = ({part.die: part for part in PARTS.values()}[die].limits for die in (small, large))
        assert all(getattr(less, name) <= getattr(more, name) for name in type(less).model_fields)
