"""Tests of ``constraints``."""
