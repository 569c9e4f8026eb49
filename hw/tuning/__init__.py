"""Tuning: measurements by synthesis, from which the estimator's coefficients come."""
