"""Tests of ``sw/explore``."""
