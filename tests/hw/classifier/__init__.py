"""Tests of ``hw/classifier``."""
