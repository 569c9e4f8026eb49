"""Tests of ``sw/data/audio``."""
