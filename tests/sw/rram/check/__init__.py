"""Tests of ``sw/rram/check``."""
