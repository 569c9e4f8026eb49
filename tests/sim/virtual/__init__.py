"""Tests of ``sim/virtual``."""
