"""Tests of ``sw/explore/driver``."""
