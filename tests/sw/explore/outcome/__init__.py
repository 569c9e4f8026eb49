"""Tests of ``sw/explore/outcome``."""
