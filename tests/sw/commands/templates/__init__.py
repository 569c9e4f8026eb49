"""Tests of ``sw/commands/templates``."""
