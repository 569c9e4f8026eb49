"""Tests of ``sim/models``."""
