"""Tests of ``hw/array/programming``."""
