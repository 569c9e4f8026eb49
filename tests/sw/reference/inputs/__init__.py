"""Tests of ``sw/reference/inputs``."""
