"""Tests of ``sw/explore/page``."""
