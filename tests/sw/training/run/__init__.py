"""Tests of ``sw/training/run``."""
