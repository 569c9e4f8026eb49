"""Tests of ``sw/commands/options``."""
