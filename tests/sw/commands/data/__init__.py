"""Tests of ``sw/commands/data``."""
