"""Tests of ``sw/data``."""
