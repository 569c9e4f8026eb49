"""SPICE: programmed tiles as netlists, and a circuit simulator that judges what evaluation computes."""
