"""Tests of ``sw/commands/evaluate``."""
