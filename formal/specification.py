"""Parts that all specifications share: free inputs, signals of the block under proof, rules of streams."""

from typing import Any

from amaranth.hdl import Assert, Assume, Fragment, Module, ResetSignal, Signal, Value
from amaranth.lib.wiring import Component

__all__ = ["Inside", "keeps_its_offers", "without_reset"]


class Inside:
    """A block together with the signals of its own that a proof by induction has to speak of.

    Induction starts in any state that fulfils the assertions, so they have to say how the block's registers
    belong to what went in. A register that is renamed is a KeyError here.

    Parameters
    ----------
    block
        Component under proof.

    Attributes
    ----------
    fragment
        The elaborated block, to be added to the specification as a submodule.
    """

    def __init__(self, block: Component):
        self.fragment = Fragment.get(block, None)
        self._signals: dict[str, Signal] = {}
        for statements in self.fragment.statements.values():
            for statement in statements:
                # Amaranth has no public way to list the signals of a block
                self._signals |= {signal.name: signal for signal in statement._lhs_signals()}

    def __getitem__(self, name: str) -> Signal:
        return self._signals[name]


def without_reset(m: Module) -> None:
    """Start from the initial state, as after configuration, and never reset again."""
    m.d.comb += Assume(~ResetSignal("sync"))


def keeps_its_offers(m: Module, port: Any, name: str) -> None:
    """Assert the producer's rule of a stream: what is offered stays, unchanged, until it is taken."""
    offered = Signal(len(Value.cast(port.payload)), name=f"{name}_offered")
    waiting = Signal(name=f"{name}_waiting")
    m.d.sync += [waiting.eq(port.valid & ~port.ready), offered.eq(port.payload)]
    with m.If(waiting):
        m.d.comb += Assert(port.valid & (Value.cast(port.payload) == offered))
