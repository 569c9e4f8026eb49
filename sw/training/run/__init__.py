"""A run's folder: checkpoints, log, curves, result."""
