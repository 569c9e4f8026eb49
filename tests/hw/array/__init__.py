"""Tests of ``hw/array``."""
