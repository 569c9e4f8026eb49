"""Templates: what every class stores, its thresholds, and what they cost."""
