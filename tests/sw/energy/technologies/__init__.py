"""Tests of ``sw/energy``."""
