"""Tests of ``sim/cores``."""
