"""Tests of ``sw/rram/devices``."""
