"""Tests of ``hw/frontend``."""
