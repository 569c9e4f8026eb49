"""Tests of ``sw.farm``."""
