"""Tests of ``sw/rram/effects``."""
