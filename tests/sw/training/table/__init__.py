"""Tests of ``sw/training/table``."""
