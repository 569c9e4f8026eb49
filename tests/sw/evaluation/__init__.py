"""Tests of ``sw/evaluation``."""
