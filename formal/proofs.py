"""All proofs, in the order in which ``python -m formal`` runs them."""

from formal import adc, reductions, sample_hold, skid, streams, winner

__all__ = ["PROOFS"]

PROOFS = (
    *streams.PROOFS,
    *skid.PROOFS,
    *reductions.PROOFS,
    *adc.PROOFS,
    *winner.PROOFS,
    *sample_hold.PROOFS,
)
