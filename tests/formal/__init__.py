"""Tests of ``formal``."""
