"""Tests of ``hw/array/noise``."""
