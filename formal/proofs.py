"""All proofs, in the order in which ``python -m formal`` runs them."""

from formal import adc, reductions, sample_hold, streams, uart, ways, winner

__all__ = ["PROOFS"]

PROOFS = (
    *streams.PROOFS,
    *ways.PROOFS,
    *reductions.PROOFS,
    *adc.PROOFS,
    *winner.PROOFS,
    *sample_hold.PROOFS,
    *uart.PROOFS,
)
