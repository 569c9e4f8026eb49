"""Tests of ``sw/training``."""
