"""Tests of ``sw/importing``."""
