"""Formal proofs: small blocks of the RTL against what they must do, for every input and every stall."""
