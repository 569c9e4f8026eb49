"""Tests of ``hw``."""
