"""Tests of ``sw/explore/compute``."""
