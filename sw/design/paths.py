"""Paths: whose outputs a layer takes. Most take that of the layer before, an addition those of two layers."""

from collections.abc import Sequence

from sw.design.layer import Layer

__all__ = ["IMAGE", "check_paths", "sources_of"]

IMAGE = -1
"""Source of the first layer."""


def sources_of(layers: Sequence[Layer]) -> tuple[tuple[int, ...], ...]:
    """For every layer the numbers of the layers whose outputs it takes; :data:`IMAGE` for the first one."""
    return tuple(layer.inputs or (number - 1,) for number, layer in enumerate(layers))


def check_paths(layers: Sequence[Layer]) -> None:
    """Refuse layers that take what is not there yet, or whose output nothing takes.

    Raises
    ------
    ValueError
        With the number of the layer.
    """
    for number, layer in enumerate(layers):
        late = [source for source in layer.inputs or () if source >= number]
        if late and number == 0:
            raise ValueError(f"layer 0 takes the image: inputs must be left out, got {list(late)}")
        if late:
            raise ValueError(
                f"layer {number}: inputs must be layers before it, 0 to {number - 1}, got {late[0]}"
            )
        if layer.inputs == (number - 1,):
            raise ValueError(
                f"layer {number} takes the layer before it anyway: inputs must be left out, got "
                f"[{number - 1}]"
            )
    taken = {source for sources in sources_of(layers) for source in sources}
    for number in range(len(layers) - 1):
        if number not in taken:
            raise ValueError(f"layer {number}: a later layer must take its output, none does")
