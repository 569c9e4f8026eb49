"""Tests of ``sw/commands``."""
