"""Tests of ``sw/rram/laws``."""
