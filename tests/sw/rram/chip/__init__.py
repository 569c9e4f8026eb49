"""Tests of ``sw/rram/chip``."""
