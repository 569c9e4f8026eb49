"""Tests of ``sw/rram/spice``."""
