"""Tests of ``sw/training/student``."""
