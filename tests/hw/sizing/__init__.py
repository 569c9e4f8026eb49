"""Tests of ``hw/sizing``."""
