"""Tests of ``hw/families``."""
