"""Tests of ``hw/array/codes``."""
