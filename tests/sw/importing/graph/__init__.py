"""Tests of ``sw/importing/graph``."""
