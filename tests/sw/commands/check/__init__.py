"""Tests of ``sw/commands/check``."""
