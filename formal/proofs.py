"""All proofs, in the order in which ``python -m formal`` runs them."""

from formal import adc, sample_hold, streams, winner

__all__ = ["PROOFS"]

PROOFS = (*streams.PROOFS, *adc.PROOFS, *winner.PROOFS, *sample_hold.PROOFS)
