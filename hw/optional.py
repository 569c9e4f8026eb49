"""Optional ports: a component has those that a component inside it has, whatever the reason."""

from types import SimpleNamespace

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import Member, Signature

__all__ = ["connect_optional", "has_port", "optional_ports"]

OPTIONAL = ("write", "written", "failures", "load", "next_image", "flash")
"""With a pulse rule requests for cells, with codes in single-port RAM these codes and their flash, with read
noise the index of the next image. They stand in this order in signatures and netlists."""


def has_port(component: wiring.Component, name: str) -> bool:
    """Whether a component has an optional port."""
    return name in component.signature.members


def optional_ports(*components: wiring.Component | None) -> dict[str, Member]:
    """Optional ports of parts, as members of the component around them; None is a part that is left out."""
    return {
        name: component.signature.members[name]
        for component in components
        if component is not None
        for name in OPTIONAL
        if has_port(component, name)
    }


def connect_optional(m: Module, one: wiring.Component, other: wiring.Component) -> None:
    """Connect the optional ports that both have.

    As in :func:`amaranth.lib.wiring.connect`, one's own ports are those of ``flipped(self)``.
    """
    for name in OPTIONAL:
        if has_port(one, name) and has_port(other, name):
            wiring.connect(m, _only(one, name), _only(other, name))


def _only(component: wiring.Component, name: str) -> SimpleNamespace:
    """The component with one of its members, as `connect` wants equal signatures."""
    signature = Signature({name: component.signature.members[name]})
    return SimpleNamespace(signature=signature, **{name: getattr(component, name)})
