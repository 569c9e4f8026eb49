"""Tests of ``sw/explore/space``."""
