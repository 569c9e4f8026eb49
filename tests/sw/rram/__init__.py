"""Tests of ``sw/rram``."""
