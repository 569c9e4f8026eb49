"""Tests of ``hw/cores``."""
