"""Tests of ``sw/training/teacher``."""
