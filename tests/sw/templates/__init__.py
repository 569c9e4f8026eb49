"""Tests of ``sw/templates``."""
