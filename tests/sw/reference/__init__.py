"""Tests of ``sw/reference``."""
