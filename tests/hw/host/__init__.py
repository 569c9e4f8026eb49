"""Tests of ``hw/host``."""
