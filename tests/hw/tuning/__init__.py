"""Tests of ``hw/tuning``."""
