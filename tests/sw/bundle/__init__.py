"""Tests of ``sw/bundle``."""
